# What a node with the plugin's role carries: packages, and the service's configuration.
#
# It says what shall be, so that a second run changes nothing.
class @module@ (
  $bind_host,
  $peers,
  $password,
  $workers,
  $mode,
  $primary  = false,
  $packages = [],
) {
  $packages.each |$package| {
    package { $package:
      ensure => present,
      before => File['/etc/@name@'],
    }
  }

  file { '/etc/@name@':
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }

  # The password is in it, so nobody else reads it and no report shows it.
  file { '/etc/@name@/service.conf':
    ensure    => file,
    owner     => 'root',
    group     => 'root',
    mode      => '0600',
    content   => template('@module@/service.conf.erb'),
    show_diff => false,
  }
}
