# Trove's conductor, which writes to the database what guests report.
#
# @param workers processes
# @param enabled whether it runs
# @param manage_service whether it is started and stopped
# @param package_ensure state of the package
class trove::conductor (
  $workers        = $facts['os_workers'],
  $enabled        = true,
  $manage_service = true,
  $package_ensure = 'present',
) {
  include trove
  include trove::db
  include trove::logging
  include trove::params

  trove_config {
    'DEFAULT/trove_conductor_workers': value => $workers;
  }

  trove::generic_service { 'conductor':
    enabled        => $enabled,
    manage_service => $manage_service,
    package_ensure => $package_ensure,
    package_name   => $trove::params::conductor_package_name,
    service_name   => $trove::params::conductor_service_name,
  }
}
