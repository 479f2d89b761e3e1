# A RabbitMQ user that may do everything in one virtual host. The password goes through the environment, not through
# arguments that every process list shows.
define osnailyfacter::rabbitmq_user (
  String $password,
  String $user = $name,
  String $virtual_host = '/',
) {
  $add = "printenv AMQP_PASSWORD | rabbitmqctl -q add_user '${user}'"
  $change = "printenv AMQP_PASSWORD | rabbitmqctl -q change_password '${user}'"
  $permit = "rabbitmqctl -q set_permissions -p '${virtual_host}' '${user}' '.*' '.*' '.*'"
  exec { "messaging user ${user}":
    command     => "{ ${change} || ${add}; } && ${permit}",
    unless      => "printenv AMQP_PASSWORD | rabbitmqctl -q authenticate_user '${user}'",
    environment => ["AMQP_PASSWORD=${password}", 'HOME=/root'],
    path        => ['/usr/sbin', '/usr/bin', '/sbin', '/bin'],
    provider    => 'shell',
    tries       => 10,
    try_sleep   => 2,
  }
}
