# The phases that everything is ordered by: packages, settings, schema, services. Other modules may hang on the anchors.
class trove::deps {
  anchor { 'trove::install::begin': }
  -> Package <| tag == 'trove-package' |>
  ~> anchor { 'trove::install::end': }
  -> anchor { 'trove::config::begin': }
  -> Trove_config <||>
  ~> anchor { 'trove::config::end': }
  -> anchor { 'trove::db::begin': }
  -> anchor { 'trove::db::end': }
  -> anchor { 'trove::dbsync::begin': }
  -> anchor { 'trove::dbsync::end': }
  -> anchor { 'trove::service::begin': }
  ~> Service <| tag == 'trove-service' |>
  ~> anchor { 'trove::service::end': }

  # Another package, another setting or another schema: the services start anew.
  Anchor['trove::install::end'] ~> Anchor['trove::service::begin']
  Anchor['trove::config::end'] ~> Anchor['trove::service::begin']
  Anchor['trove::dbsync::end'] ~> Anchor['trove::service::begin']
}
