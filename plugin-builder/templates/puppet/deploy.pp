# Runs on the nodes with the plugin's role, at every deployment: it says what shall be, so a second run changes nothing.
notice('PLUGIN: @name@ - deploy.pp')

# The plugin's settings as the environment has them; environment_config.yaml names them.
$settings = hiera_hash('@name@')

file { '/etc/@name@.conf':
  ensure  => file,
  owner   => 'root',
  group   => 'root',
  mode    => '0644',
  content => "text = ${settings['@name@_text']}\n",
}
