# A package and the service in it.
#
# @param package_name the package
# @param service_name the service
# @param enabled whether it runs, now and after a boot
# @param manage_service whether it is started and stopped at all
# @param package_ensure state of the package
define trove::generic_service (
  $package_name,
  $service_name,
  $enabled        = true,
  $manage_service = true,
  $package_ensure = 'present',
) {
  include trove::deps

  package { "trove-${name}":
    ensure => $package_ensure,
    name   => $package_name,
    tag    => ['openstack', 'trove-package'],
  }

  if $manage_service {
    service { "trove-${name}":
      ensure => stdlib::ensure($enabled, 'service'),
      name   => $service_name,
      enable => $enabled,
      tag    => ['trove-service'],
    }
  }
}
