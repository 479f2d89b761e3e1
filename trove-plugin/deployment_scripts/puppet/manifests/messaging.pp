notice('PLUGIN: trove - messaging.pp')

# Trove's user in RabbitMQ. The password goes through the environment, not through arguments that every process list
# shows.
$user = 'trove'
$steps = [
  "{ printenv AMQP_PASSWORD | rabbitmqctl -q change_password '${user}' || printenv AMQP_PASSWORD | rabbitmqctl -q add_user '${user}'; }",
  "rabbitmqctl -q set_permissions -p / '${user}' '.*' '.*' '.*'",
]
$questions = [
  "printenv AMQP_PASSWORD | rabbitmqctl -q authenticate_user '${user}'",
  "rabbitmqctl -q list_user_permissions '${user}' | grep -q '^/'",
]

exec { 'trove messaging user':
  command     => join($steps, ' && '),
  unless      => join($questions, ' && '),
  environment => ["AMQP_PASSWORD=${hiera_hash('fuel-plugin-trove')['trove_rabbit_password']}", 'HOME=/root'],
  path        => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
  provider    => 'shell',
  tries       => 10,
  try_sleep   => 3,
}
