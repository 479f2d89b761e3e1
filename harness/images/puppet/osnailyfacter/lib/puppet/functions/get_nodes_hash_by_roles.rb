# frozen_string_literal: true

# The nodes of `network_metadata` that have one of the given roles.
Puppet::Functions.create_function(:get_nodes_hash_by_roles) do
  # @return name of the node => the node as `network_metadata.nodes` holds it
  dispatch :nodes do
    param 'Hash', :network_metadata
    param 'Array[String]', :roles
  end

  def nodes(network_metadata, roles)
    (network_metadata['nodes'] || {}).select { |_name, node| ((node['node_roles'] || []) & roles).any? }
  end
end
