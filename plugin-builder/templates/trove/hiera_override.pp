notice('PLUGIN: @name@ - hiera_override.pp')

# What the other manifests need, worked out from the environment's settings and the plugin's, in one place that people
# can read: /etc/hiera/plugins/@name@.yaml, which Hiera looks at before the environment's own settings.
$settings = hiera_hash('@name@')
$network_metadata = hiera_hash('network_metadata')
$network_scheme = hiera_hash('network_scheme')
prepare_network_config($network_scheme)

$service_nodes = get_node_to_ipaddr_map_by_network_role(
  get_nodes_hash_by_roles($network_metadata, ['primary-@role@', '@role@']),
  '@role@/api'
)

$derived = {
  '@module@' => {
    'bind_host'      => get_network_role_property('@role@/api', 'ipaddr'),
    'node_addresses' => sort(values($service_nodes)),
    'password'       => $settings['service_password'],
    'workers'        => Integer($settings['service_workers']),
    'mode'           => $settings['service_mode'],
  },
}

file { '/etc/hiera/plugins/@name@.yaml':
  ensure    => file,
  owner     => 'root',
  group     => 'root',
  mode      => '0640',
  content   => to_yaml($derived),
  show_diff => false,
}
