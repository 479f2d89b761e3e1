# What all of Trove's services share.
#
# @param default_transport_url messaging: `rabbit://user:password@host:port[,user:password@host:port]/virtual_host`
# @param control_exchange exchange of Trove's own messages
# @param rpc_response_timeout seconds to wait for an answer
# @param notification_transport_url messaging of notifications, where it is another
# @param notification_driver how notifications leave
# @param notification_topics topics of notifications
# @param rabbit_use_ssl whether messaging speaks TLS
# @param rabbit_ha_queues whether queues are mirrored
# @param amqp_durable_queues whether queues outlive the broker
# @param rabbit_heartbeat_timeout_threshold seconds after which a silent broker counts as gone
# @param kombu_reconnect_delay seconds before a connection is tried again
# @param management_networks networks that every database instance is plugged into for management
# @param network_isolation whether a user's port goes into the database's container
# @param trove_volume_support whether data is on a volume of its own
# @param nova_compute_endpoint_type which endpoint of the compute service is used
# @param cinder_endpoint_type which endpoint of the volume service is used
# @param neutron_endpoint_type which endpoint of the network service is used
# @param glance_endpoint_type which endpoint of the image service is used
# @param swift_endpoint_type which endpoint of the object store is used
# @param trove_endpoint_type which endpoint of Trove itself is used
# @param package_ensure state of the package
class trove (
  $default_transport_url              = $facts['os_service_default'],
  $control_exchange                   = 'trove',
  $rpc_response_timeout               = $facts['os_service_default'],
  $notification_transport_url         = $facts['os_service_default'],
  $notification_driver                = $facts['os_service_default'],
  $notification_topics                = $facts['os_service_default'],
  $rabbit_use_ssl                     = $facts['os_service_default'],
  $rabbit_ha_queues                   = $facts['os_service_default'],
  $amqp_durable_queues                = $facts['os_service_default'],
  $rabbit_heartbeat_timeout_threshold = $facts['os_service_default'],
  $kombu_reconnect_delay              = $facts['os_service_default'],
  $management_networks                = $facts['os_service_default'],
  $network_isolation                  = $facts['os_service_default'],
  $trove_volume_support               = $facts['os_service_default'],
  $nova_compute_endpoint_type         = $facts['os_service_default'],
  $cinder_endpoint_type               = $facts['os_service_default'],
  $neutron_endpoint_type              = $facts['os_service_default'],
  $glance_endpoint_type               = $facts['os_service_default'],
  $swift_endpoint_type                = $facts['os_service_default'],
  $trove_endpoint_type                = $facts['os_service_default'],
  $package_ensure                     = 'present',
) {
  include trove::deps
  include trove::params

  package { 'trove':
    ensure => $package_ensure,
    name   => $trove::params::common_package_name,
    tag    => ['openstack', 'trove-package'],
  }

  trove_config {
    'DEFAULT/transport_url':                             value => $default_transport_url, secret => true;
    'DEFAULT/control_exchange':                          value => $control_exchange;
    'DEFAULT/rpc_response_timeout':                      value => $rpc_response_timeout;
    'DEFAULT/network_label_regex':                       value => '.*';
    'DEFAULT/network_driver':                            value => 'trove.network.neutron.NeutronDriver';
    'DEFAULT/management_networks':                       value => join(any2array($management_networks), ',');
    'DEFAULT/trove_volume_support':                      value => $trove_volume_support;
    'DEFAULT/nova_compute_endpoint_type':                value => $nova_compute_endpoint_type;
    'DEFAULT/cinder_endpoint_type':                      value => $cinder_endpoint_type;
    'DEFAULT/neutron_endpoint_type':                     value => $neutron_endpoint_type;
    'DEFAULT/glance_endpoint_type':                      value => $glance_endpoint_type;
    'DEFAULT/swift_endpoint_type':                       value => $swift_endpoint_type;
    'DEFAULT/trove_endpoint_type':                       value => $trove_endpoint_type;
    'network/network_isolation':                         value => $network_isolation;
    'oslo_messaging_notifications/transport_url':        value => $notification_transport_url, secret => true;
    'oslo_messaging_notifications/driver':               value => $notification_driver;
    'oslo_messaging_notifications/topics':               value => $notification_topics;
    'oslo_messaging_rabbit/ssl':                         value => $rabbit_use_ssl;
    'oslo_messaging_rabbit/rabbit_ha_queues':            value => $rabbit_ha_queues;
    'oslo_messaging_rabbit/amqp_durable_queues':         value => $amqp_durable_queues;
    'oslo_messaging_rabbit/heartbeat_timeout_threshold': value => $rabbit_heartbeat_timeout_threshold;
    'oslo_messaging_rabbit/kombu_reconnect_delay':       value => $kombu_reconnect_delay;
  }
}
