notice('MODULAR: cluster-haproxy/cluster-haproxy.pp')

# HAProxy on every controller, with the listeners of the two services that the rig's controllers really run.
# (In Fuel each listener is a task of its own.)
$network_metadata = hiera_hash('network_metadata')
$vips = $network_metadata['vips']

Openstack::Ha::Haproxy_service {
  internal_virtual_ip => $vips['management']['ipaddr'],
  public_virtual_ip   => $vips['public']['ipaddr'],
}

$database = osnailyfacter::members($network_metadata, ['database', 'controller'], 'mgmt/database')
openstack::ha::haproxy_service { 'mysqld':
  order                  => '110',
  listen_port            => 3306,
  balancermember_port    => 3307,
  server_names           => $database['names'],
  ipaddresses            => $database['addresses'],
  # One writer; the databases of the others are not replicated.
  define_backups         => true,
  mode                   => 'tcp',
  haproxy_config_options => {
    'option'         => 'tcpka',
    'timeout client' => '28801s',
    'timeout server' => '28801s',
  },
}

$keystone = osnailyfacter::members($network_metadata, ['keystone', 'controller'], 'keystone/api')
openstack::ha::haproxy_service { 'keystone-1':
  order                  => '020',
  listen_port            => 5000,
  public                 => true,
  server_names           => $keystone['names'],
  ipaddresses            => $keystone['addresses'],
  haproxy_config_options => {
    'option' => 'httpchk GET /v3',
  },
}
