# Trove's API.
#
# @param bind_host address that it listens on
# @param bind_port port that it listens on
# @param backlog connections that may wait
# @param workers processes
# @param auth_strategy how callers are known; `keystone` needs `trove::keystone::authtoken`
# @param enabled whether it runs
# @param manage_service whether it is started and stopped
# @param package_ensure state of the package
class trove::api (
  $bind_host      = $facts['os_service_default'],
  $bind_port      = $facts['os_service_default'],
  $backlog        = $facts['os_service_default'],
  $workers        = $facts['os_workers'],
  $auth_strategy  = 'keystone',
  $enabled        = true,
  $manage_service = true,
  $package_ensure = 'present',
) {
  include trove
  include trove::db
  include trove::logging
  include trove::params

  if $auth_strategy == 'keystone' {
    include trove::keystone::authtoken
  }

  trove_config {
    'DEFAULT/bind_host':         value => $bind_host;
    'DEFAULT/bind_port':         value => $bind_port;
    'DEFAULT/backlog':           value => $backlog;
    'DEFAULT/trove_api_workers': value => $workers;
  }

  trove::generic_service { 'api':
    enabled        => $enabled,
    manage_service => $manage_service,
    package_ensure => $package_ensure,
    package_name   => $trove::params::api_package_name,
    service_name   => $trove::params::api_service_name,
  }
}
