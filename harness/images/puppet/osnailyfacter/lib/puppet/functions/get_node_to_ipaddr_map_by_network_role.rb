# frozen_string_literal: true

# Addresses of nodes in the network of a network role.
Puppet::Functions.create_function(:get_node_to_ipaddr_map_by_network_role) do
  # @param nodes as `get_nodes_hash_by_roles` returns them
  # @param role a network role
  # @return name of the node => address
  dispatch :addresses do
    param 'Hash', :nodes
    param 'String', :role
  end

  def addresses(nodes, role)
    nodes.transform_values { |node| (node['network_roles'] || {})[role] }.compact
  end
end
