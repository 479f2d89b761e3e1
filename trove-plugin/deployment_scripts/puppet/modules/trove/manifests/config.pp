# Settings that no other class has a parameter for.
#
# @param trove_config `section/setting` => properties of a `trove_config` resource
class trove::config (
  $trove_config = {},
) {
  include trove::deps

  create_resources('trove_config', $trove_config)
}
