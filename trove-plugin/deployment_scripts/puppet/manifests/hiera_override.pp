notice('PLUGIN: trove - hiera_override.pp')

# What the other manifests need, worked out from the environment's settings and the plugin's, in one place that people
# can read: /etc/hiera/plugins/fuel-plugin-trove.yaml, which Hiera looks at before the environment's own settings.
$settings = hiera_hash('fuel-plugin-trove')
$network_metadata = hiera_hash('network_metadata')
$network_scheme = hiera_hash('network_scheme')
prepare_network_config($network_scheme)

$management_vip = $network_metadata['vips']['management']['ipaddr']
$public_vip = $network_metadata['vips']['public']['ipaddr']
$public_ssl = hiera_hash('public_ssl', {})

# Messaging is on every node that runs RabbitMQ; without detached roles those are the controllers.
$detached = get_nodes_hash_by_roles($network_metadata, ['primary-rabbitmq', 'rabbitmq'])
$messaging_nodes = empty($detached) ? {
  true    => get_nodes_hash_by_roles($network_metadata, ['primary-controller', 'controller']),
  default => $detached,
}
$messaging_addresses = sort(values(get_node_to_ipaddr_map_by_network_role($messaging_nodes, 'mgmt/messaging')))
$messaging_port = pick(hiera_hash('rabbit', {})['port'], '5673')
$broker_parts = $messaging_addresses.map |$address| {
  "trove:${settings['trove_rabbit_password']}@${address}:${messaging_port}"
}

$database_address = pick(hiera('database_vip', undef), $management_vip)

$trove_nodes = get_node_to_ipaddr_map_by_network_role(
  get_nodes_hash_by_roles($network_metadata, ['primary-trove', 'trove']),
  'trove/api'
)

$public_tls = ($public_ssl['services'] == true)
$public_address = $public_tls ? {
  true    => $public_ssl['hostname'],
  default => $public_vip,
}
$public_protocol = $public_tls ? {
  true    => 'https',
  default => 'http',
}

$derived = {
  'trove' => {
    'transport_url'       => "rabbit://${join($broker_parts, ',')}//",
    'database_connection' => "mysql+pymysql://trove:${settings['trove_db_password']}@${database_address}:3306/trove?charset=utf8mb4",
    'identity_url'        => "http://${management_vip}:5000",
    'bind_host'           => get_network_role_property('trove/api', 'ipaddr'),
    'bind_port'           => 8779,
    'internal_url'        => "http://${management_vip}:8779/v1.0/%(tenant_id)s",
    'public_url'          => "${public_protocol}://${public_address}:8779/v1.0/%(tenant_id)s",
    'public_tls'          => $public_tls,
    'internal_vip'        => $management_vip,
    'public_vip'          => $public_vip,
    'node_names'          => sort(keys($trove_nodes)),
    'node_addresses'      => sort(keys($trove_nodes)).map |$name| { $trove_nodes[$name] },
    'debug'               => ($settings['trove_debug'] == true or hiera('debug', false) == true),
    'workers'             => Integer($settings['trove_workers']),
    'region'              => $settings['trove_region'],
  },
}

file { '/etc/hiera/plugins/fuel-plugin-trove.yaml':
  ensure    => file,
  owner     => 'root',
  group     => 'root',
  mode      => '0640',
  content   => to_yaml($derived),
  show_diff => false,
}
