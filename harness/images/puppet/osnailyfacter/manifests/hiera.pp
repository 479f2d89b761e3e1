# Where deployment tasks find their data: Fuel's hierarchy over /etc/hiera, the settings of the environment at its
# bottom, one level per plugin at its top, so that a plugin may override what the environment says.
#
# Two tasks use it, before and after the settings arrive; both must come to the same result once they are there.
class osnailyfacter::hiera (
  String $data_directory = '/etc/hiera',
  String $settings = '/etc/astute.yaml',
) {
  $plugin_levels = osnailyfacter::plugin_levels($settings, $data_directory)

  $override_levels = [
    'override/node/%{::fqdn}',
    'override/class/%{calling_class}',
    'override/module/%{calling_module}',
    'override/plugins',
    'override/common',
    'override/configuration/%{::fqdn}',
    'override/configuration/role',
    'override/configuration/cluster',
    'override/configuration/default_route',
    'override/configuration/remove_ovs_usage',
  ]
  $base_levels = [
    'class/%{calling_class}',
    'module/%{calling_module}',
    'deleted_nodes',
    'nodes',
    'old_admin_user',
    'globals',
  ]
  # A task that must see the settings alone turns the other levels off by setting this variable.
  $switchable = ($override_levels + $base_levels).map |$level| { "${level}%{disable_globals_yaml}" }
  $hierarchy = $plugin_levels + $switchable + ['astute']

  $directories = [
    $data_directory,
    "${data_directory}/plugins",
    "${data_directory}/override",
    "${data_directory}/override/node",
    "${data_directory}/override/configuration",
  ]
  file { $directories:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0750',
  }

  $entries = $hierarchy.map |$level| { "  - ${level}" }
  $lines = ['---', ':backends:', '  - yaml', ':yaml:', "  :datadir: ${data_directory}", ':merge_behavior: deeper',
    ':logger: noop', ':hierarchy:'] + $entries
  file { '/etc/hiera.yaml':
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0640',
    content => "${lines.join("\n")}\n",
  }

  file { '/etc/puppet/hiera.yaml':
    ensure => link,
    target => '/etc/hiera.yaml',
  }

  file { "${data_directory}/astute.yaml":
    ensure => link,
    target => $settings,
  }
}
