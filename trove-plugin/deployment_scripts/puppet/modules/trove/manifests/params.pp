# Names that differ between distributions.
class trove::params {
  case $facts['os']['family'] {
    'Debian': {
      $common_package_name      = 'trove-common'
      $api_package_name         = 'trove-api'
      $api_service_name         = 'trove-api'
      $conductor_package_name   = 'trove-conductor'
      $conductor_service_name   = 'trove-conductor'
      $taskmanager_package_name = 'trove-taskmanager'
      $taskmanager_service_name = 'trove-taskmanager'
      $client_package_name      = 'python3-troveclient'
    }
    'RedHat': {
      $common_package_name      = 'openstack-trove'
      $api_package_name         = 'openstack-trove-api'
      $api_service_name         = 'openstack-trove-api'
      $conductor_package_name   = 'openstack-trove-conductor'
      $conductor_service_name   = 'openstack-trove-conductor'
      $taskmanager_package_name = 'openstack-trove-taskmanager'
      $taskmanager_service_name = 'openstack-trove-taskmanager'
      $client_package_name      = 'python3-troveclient'
    }
    default: {
      fail("Trove's packages are not known for ${facts['os']['family']}")
    }
  }
  $user  = 'trove'
  $group = 'trove'
}
