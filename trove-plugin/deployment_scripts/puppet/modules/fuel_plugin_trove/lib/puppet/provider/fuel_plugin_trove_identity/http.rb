# frozen_string_literal: true

require File.expand_path('../../../puppet_x/fuel_plugin_trove/identity', __dir__)

Puppet::Type.type(:fuel_plugin_trove_identity).provide(:http) do
  desc 'Speaks to Keystone over HTTP.'

  INTERFACES = %w[public internal admin].freeze

  def exists?
    !user.nil? && (resource[:service_name].nil? || !service.nil?)
  end

  def create
    @user ||= session.create('users', 'user', user_values)
    @service = session.create('services', 'service', service_values) if resource[:service_name] && service.nil?
    self.roles = resource.should(:roles) if resource.should(:roles)
    INTERFACES.each { |interface| wanted_url(interface) && set_endpoint(interface, wanted_url(interface)) }
  end

  def destroy
    endpoints.each { |endpoint| session.delete("endpoints/#{endpoint['id']}") }
    session.delete("services/#{service['id']}") if service
    session.delete("users/#{user['id']}") if user
  end

  def password_right?(password)
    credentials = { 'auth_url' => administrator['auth_url'], 'username' => resource[:name], 'password' => password,
                    'project_name' => resource[:project] }
    PuppetX::FuelPluginTrove::Identity.new(credentials).login
    true
  rescue PuppetX::FuelPluginTrove::Identity::Refusal => e
    raise unless e.code == 401

    # A user without a role in the project is refused as well; its password may still be right, and setting it again
    # does no harm.
    false
  end

  def password; end

  def password=(value)
    session.update("users/#{user['id']}", 'user', { 'password' => value })
  end

  def email
    user['email']
  end

  def email=(value)
    session.update("users/#{user['id']}", 'user', { 'email' => value })
  end

  def roles
    session.list(assignments).map { |role| role['name'] }
  end

  def roles=(names)
    names.each do |name|
      role = session.list('roles', name: name).first || session.create('roles', 'role', { 'name' => name })
      session.put("#{assignments}/#{role['id']}")
    end
  end

  def description
    service && service['description'].to_s
  end

  def description=(value)
    session.update("services/#{service['id']}", 'service', { 'description' => value })
  end

  INTERFACES.each do |interface|
    define_method(:"#{interface}_url") { endpoint(interface)&.fetch('url') }
    define_method(:"#{interface}_url=") { |value| set_endpoint(interface, value) }
  end

  private

  def administrator
    @administrator ||= begin
      variables = ENV.key?('OS_AUTH_URL') ? ENV.to_h : variables_of(resource[:credentials_file])
      { 'auth_url' => variables.fetch('OS_AUTH_URL'), 'username' => variables.fetch('OS_USERNAME'),
        'password' => variables.fetch('OS_PASSWORD'),
        'project_name' => variables['OS_PROJECT_NAME'] || variables.fetch('OS_TENANT_NAME') }
    end
  end

  def variables_of(path)
    raise Puppet::Error, "no credentials: #{path} is not there and OS_AUTH_URL is not set" unless File.exist?(path)

    File.readlines(path).filter_map do |line|
      match = line.match(/\A\s*(?:export\s+)?(OS_\w+)=(['"]?)(.*)\2\s*\z/)
      [match[1], match[3]] if match
    end.to_h
  end

  def session
    @session ||= PuppetX::FuelPluginTrove::Identity.new(administrator).login
  end

  def user
    @user ||= session.list('users', name: resource[:name], domain_id: 'default').first
  end

  def user_values
    { 'name' => resource[:name], 'domain_id' => 'default', 'enabled' => true, 'password' => resource.should(:password),
      'email' => resource.should(:email), 'default_project_id' => project['id'] }.compact
  end

  def project
    @project ||= session.list('projects', name: resource[:project], domain_id: 'default').first ||
                 session.create('projects', 'project', { 'name' => resource[:project], 'domain_id' => 'default' })
  end

  def assignments
    "projects/#{project['id']}/users/#{user['id']}/roles"
  end

  def service
    @service ||= session.list('services', type: resource[:service_type], name: resource[:service_name]).first
  end

  def service_values
    { 'type' => resource[:service_type], 'name' => resource[:service_name], 'enabled' => true,
      'description' => resource.should(:description).to_s }
  end

  def endpoints
    return [] if service.nil?

    @endpoints ||= session.list('endpoints', service_id: service['id'])
  end

  def endpoint(interface)
    endpoints.find { |endpoint| endpoint['interface'] == interface && endpoint['region_id'] == resource[:region] }
  end

  def wanted_url(interface)
    resource.should(:"#{interface}_url")
  end

  def set_endpoint(interface, url)
    present = endpoint(interface)
    if present
      session.update("endpoints/#{present['id']}", 'endpoint', { 'url' => url })
    else
      session.create('endpoints', 'endpoint', { 'service_id' => service['id'], 'interface' => interface, 'url' => url,
                                                'region_id' => resource[:region], 'enabled' => true })
    end
  end
end
