# Trove's task manager, which makes and changes database instances.
#
# @param taskmanager_queue queue that it listens to
# @param guestagent_config_file settings that an instance's agent is given
# @param enabled whether it runs
# @param manage_service whether it is started and stopped
# @param package_ensure state of the package
class trove::taskmanager (
  $taskmanager_queue      = $facts['os_service_default'],
  $guestagent_config_file = $facts['os_service_default'],
  $enabled                = true,
  $manage_service         = true,
  $package_ensure         = 'present',
) {
  include trove
  include trove::db
  include trove::logging
  include trove::params

  trove_config {
    'DEFAULT/taskmanager_queue': value => $taskmanager_queue;
    'DEFAULT/guest_config':      value => $guestagent_config_file;
  }

  trove::generic_service { 'taskmanager':
    enabled        => $enabled,
    manage_service => $manage_service,
    package_ensure => $package_ensure,
    package_name   => $trove::params::taskmanager_package_name,
    service_name   => $trove::params::taskmanager_service_name,
  }
}
