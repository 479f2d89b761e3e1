notice('MODULAR: rabbitmq/rabbitmq.pp')

# The messaging user of the OpenStack services gets this environment's password.
include osnailyfacter::rabbitmq
