# The virtual addresses of the environment, on the primary controller. Pacemaker moves them on a real environment; here
# the primary controller keeps them. Those in the `vrouter` namespace belong to Neutron's routers, which are not here.
class osnailyfacter::virtual_ips {
  $network_metadata = hiera_hash('network_metadata', {})
  $roles = hiera('roles', [])

  if 'primary-controller' in $roles {
    $vips = pick($network_metadata['vips'], {}).filter |$name, $vip| {
      $vip['ipaddr'] and $vip['namespace'] == 'haproxy'
    }
    $lines = $vips.map |$name, $vip| {
      $pair = get_network_role_property($vip['network_role'], 'cidr')
      if $pair {
        $parts = split($pair, '/')
        "${vip['ipaddr']}/${parts[1]} ${parts[0]}"
      } else {
        warning("VIP ${name}: this node has no address for network role ${vip['network_role']}")
        undef
      }
    }
    $content = "${sort(delete_undef_values($lines)).join("\n")}\n"
  } else {
    $content = ''
  }

  file { '/etc/fuel/virtual_ips':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $content,
  }
  -> exec { 'bring up virtual addresses':
    command => '/usr/local/sbin/virtual-ips',
    unless  => '/usr/local/sbin/virtual-ips --check',
  }
}
