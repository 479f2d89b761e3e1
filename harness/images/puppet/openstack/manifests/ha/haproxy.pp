# HAProxy as a controller runs it: one file a service in /etc/haproxy/conf.d, read by one process.
class openstack::ha::haproxy {
  # The installed listeners decide; nobody else's file is touched.
  file { '/etc/haproxy/conf.d':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # A reload keeps the main process and every connection.
  exec { 'reload haproxy':
    command     => 'systemctl reload-or-restart haproxy.service',
    path        => ['/usr/bin', '/bin', '/usr/sbin', '/sbin'],
    refreshonly => true,
  }
  # Left running by the reload, and started where it is down.
  -> exec { 'start haproxy':
    command => 'systemctl start haproxy.service',
    unless  => 'systemctl -q is-active haproxy.service',
    path    => ['/usr/bin', '/bin', '/usr/sbin', '/sbin'],
  }
}
