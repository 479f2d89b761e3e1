notice('PLUGIN: @name@ - service.pp')

# The service, on every node with the role. What one node does for all of them stands behind `$primary`.
$service = hiera_hash('@module@')
$primary = 'primary-@role@' in hiera('roles')

class { '@module@':
  bind_host => $service['bind_host'],
  peers     => $service['node_addresses'],
  password  => $service['password'],
  workers   => $service['workers'],
  mode      => $service['mode'],
  primary   => $primary,
}
