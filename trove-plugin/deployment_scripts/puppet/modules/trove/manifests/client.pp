# The command line client.
#
# @param package_ensure state of the package
class trove::client (
  $package_ensure = 'present',
) {
  include trove::deps
  include trove::params

  package { 'python-troveclient':
    ensure => $package_ensure,
    name   => $trove::params::client_package_name,
    tag    => ['openstack', 'trove-package'],
  }
}
