notice('PLUGIN: trove - db.pp')

# Trove's database and its user. The database's administrator comes from /root/.my.cnf, which the environment's own
# database task leaves behind.
class { 'trove::db::mysql':
  password      => hiera_hash('fuel-plugin-trove')['trove_db_password'],
  host          => 'localhost',
  allowed_hosts => ['%'],
}
