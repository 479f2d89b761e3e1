# frozen_string_literal: true

# The nodes behind a load balanced service, the primary one first.
Puppet::Functions.create_function(:'osnailyfacter::members') do
  # @param roles without `primary-`; the first one that any node has decides
  # @param network_role whose addresses are wanted
  # @return `{names => [..], addresses => [..]}` in the same order
  dispatch :members do
    param 'Hash', :network_metadata
    param 'Array[String]', :roles
    param 'String', :network_role
  end

  def members(network_metadata, roles, network_role)
    nodes = network_metadata['nodes'] || {}
    found = roles.map { |role| with_role(nodes, role) }.find(&:any?) || []
    placed = found.select { |_name, node| node.dig('network_roles', network_role) }
    { 'names' => placed.map(&:first), 'addresses' => placed.map { |_name, node| node['network_roles'][network_role] } }
  end

  def with_role(nodes, role)
    primary, others = ["primary-#{role}", role].map do |wanted|
      nodes.select { |_name, node| (node['node_roles'] || []).include?(wanted) }.sort
    end
    primary + others
  end
end
