notice('PLUGIN: trove - haproxy.pp')

# Trove's API on the environment's virtual addresses.
$trove = hiera_hash('trove')

openstack::ha::haproxy_service { 'trove-api':
  order                  => '210',
  listen_port            => $trove['bind_port'],
  internal               => true,
  internal_virtual_ip    => $trove['internal_vip'],
  public                 => true,
  public_virtual_ip      => $trove['public_vip'],
  public_ssl             => $trove['public_tls'],
  public_ssl_path        => pick(hiera_hash('public_ssl', {})['cert_path'], '/var/lib/astute/haproxy/public_haproxy.pem'),
  server_names           => $trove['node_names'],
  ipaddresses            => $trove['node_addresses'],
  haproxy_config_options => {
    'option' => ['httpchk GET /', 'httplog', 'forwardfor'],
  },
}
