# frozen_string_literal: true

require File.expand_path('../../../puppet_x/fuel_plugin_trove/identity', __dir__)

Puppet::Type.type(:fuel_plugin_trove_datastore).provide(:api) do
  desc 'Asks the API, changes with trove-manage.'

  commands trove_manage: 'trove-manage'

  CONFIGURATION = '/etc/trove/trove.conf'

  def exists?
    versions.include?(version_name)
  end

  def create
    # The first call makes the datastore, the second its version, the third the version that a user gets who names none.
    trove_manage('datastore_update', datastore_name, '')
    trove_manage('datastore_version_update', datastore_name, version_name, manager, '', '', '1',
                 '--image-tags', resource[:image_tags], '--version', version_name)
    trove_manage('datastore_update', datastore_name, version_name)
  end

  def destroy
    address = "#{project_url}/datastores/#{datastore['id']}/versions"
    found = JSON.parse(session.request(:get, address).body)['versions'].find { |version| version['name'] == version_name }
    session.request(:delete, "#{api_url}/v1.0/#{session.project_id}/mgmt/datastore-versions/#{found['id']}") if found
  end

  private

  def datastore_name
    resource[:name].split('/').first
  end

  def version_name
    resource[:name].split('/').last
  end

  def manager
    resource[:manager] || datastore_name
  end

  def datastore
    @datastore ||= JSON.parse(session.request(:get, "#{project_url}/datastores").body)['datastores']
                       .find { |datastore| datastore['name'] == datastore_name }
  end

  def versions
    return [] if datastore.nil?

    (datastore['versions'] || []).map { |version| version['name'] }
  end

  def project_url
    "#{api_url}/v1.0/#{session.project_id}"
  end

  def api_url
    resource[:api_url].chomp('/')
  end

  # The API starts in some seconds; the first question waits for it.
  def session
    @session ||= PuppetX::FuelPluginTrove::Identity.new(credentials, patience: 60).login
  end

  def credentials
    section = Hash.new { |hash, key| hash[key] = {} }
    current = nil
    File.foreach(CONFIGURATION) do |line|
      case line
      when /\A\[(.+)\]/ then current = Regexp.last_match(1)
      when /\A(\w+)\s*=\s*(.*?)\s*\z/ then section[current][Regexp.last_match(1)] = Regexp.last_match(2)
      end
    end
    own = section['service_credentials']
    { 'auth_url' => own.fetch('auth_url'), 'username' => own.fetch('username'), 'password' => own.fetch('password'),
      'project_name' => own.fetch('project_name'), 'user_domain' => { 'name' => own['user_domain_name'] || 'Default' },
      'project_domain' => { 'name' => own['project_domain_name'] || 'Default' } }
  end
end
