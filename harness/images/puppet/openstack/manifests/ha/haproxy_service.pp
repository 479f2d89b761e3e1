# A service behind HAProxy, on the management VIP, the public VIP or both.
#
# @param order the file's number in /etc/haproxy/conf.d
# @param listen_port the port on the VIPs
# @param server_names names of the nodes behind, in the order of their addresses
# @param ipaddresses their addresses
# @param balancermember_port the port on the nodes; the listener's own unless told
# @param balancermember_options words after each server
# @param define_backups only the first node is active, the others wait for its failure
# @param define_cookies a client stays with its node
# @param mode `http` or `tcp`
# @param haproxy_config_options option => value or values
# @param internal whether to listen on `internal_virtual_ip`
# @param public whether to listen on `public_virtual_ip`
# @param public_ssl whether the public listener speaks TLS with `public_ssl_path`
define openstack::ha::haproxy_service (
  String $order,
  Variant[Integer, String] $listen_port,
  Array $server_names,
  Array $ipaddresses,
  Variant[Integer, String, Undef] $balancermember_port = undef,
  String $balancermember_options = 'check inter 10s fastinter 2s downinter 3s rise 2 fall 3',
  Boolean $define_backups = false,
  Boolean $define_cookies = false,
  String $mode = 'http',
  Hash $haproxy_config_options = {},
  Boolean $internal = true,
  Optional[String] $internal_virtual_ip = undef,
  Boolean $public = false,
  Optional[String] $public_virtual_ip = undef,
  Boolean $public_ssl = false,
  String $public_ssl_path = '/var/lib/astute/haproxy/public_haproxy.pem',
  Any $require_service = undef,
  Any $before_start = undef,
) {
  include openstack::ha::haproxy

  # `transparent`: the address may be on another controller at the moment.
  $internal_bind = $internal ? {
    true    => ["  bind ${internal_virtual_ip}:${listen_port} transparent"],
    default => [],
  }
  $tls = $public_ssl ? {
    true    => " ssl crt ${public_ssl_path}",
    default => '',
  }
  $public_bind = ($public and $public_virtual_ip) ? {
    true    => ["  bind ${public_virtual_ip}:${listen_port} transparent${tls}"],
    default => [],
  }

  $options = $haproxy_config_options.reduce([]) |$lines, $pair| {
    $lines + flatten([$pair[1]]).map |$value| { "  ${pair[0]} ${value}" }
  }

  $member_port = pick($balancermember_port, $listen_port)
  $servers = $server_names.map |$position, $server| {
    $backup = ($define_backups and $position > 0) ? {
      true    => ' backup',
      default => '',
    }
    $cookie = $define_cookies ? {
      true    => " cookie ${server}",
      default => '',
    }
    "  server ${server} ${ipaddresses[$position]}:${member_port} ${balancermember_options}${backup}${cookie}"
  }

  $lines = ["listen ${title}"] + $internal_bind + $public_bind + ["  mode ${mode}"] + $options + $servers
  file { "/etc/haproxy/conf.d/${order}-${title}.cfg":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "${lines.join("\n")}\n",
    require => File['/etc/haproxy/conf.d'],
    notify  => Exec['reload haproxy'],
  }
}
