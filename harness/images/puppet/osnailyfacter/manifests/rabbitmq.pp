# Messaging on a controller: `nova` with the password of the environment, on port 5673.
class osnailyfacter::rabbitmq (
  String $user = pick(hiera_hash('rabbit', {})['user'], 'nova'),
  String $password = hiera_hash('rabbit')['password'],
) {
  osnailyfacter::rabbitmq_user { $user:
    password => $password,
  }
}
