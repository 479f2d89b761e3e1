# frozen_string_literal: true

require 'json'
require 'net/http'
require 'uri'

module PuppetX
  module FuelPluginTrove
    # A session with Keystone: logs in once, then asks any service over HTTP.
    class Identity
      # A service refused or did not understand. `code` is HTTP's.
      class Refusal < StandardError
        attr_reader :code

        def initialize(message, code)
          super(message)
          @code = code
        end
      end

      attr_reader :token, :project_id, :catalog

      # Credentials as OpenStack's clients take them: auth_url, username, password, project_name and optionally
      # user_domain and project_domain (each a `{'id' => ..}` or `{'name' => ..}`).
      def initialize(credentials, patience: 30)
        @url = credentials.fetch('auth_url').chomp('/')
        @url += '/v3' unless @url.end_with?('/v3')
        @credentials = credentials
        @patience = patience
      end

      # Logs in. A Keystone that is still starting is waited for, a refusal is not.
      def login
        user = { 'name' => @credentials.fetch('username'), 'password' => @credentials.fetch('password'),
                 'domain' => @credentials['user_domain'] || { 'id' => 'default' } }
        project = { 'name' => @credentials.fetch('project_name'),
                    'domain' => @credentials['project_domain'] || { 'id' => 'default' } }
        answer = request(:post, "#{@url}/auth/tokens", {
          'auth' => { 'identity' => { 'methods' => ['password'], 'password' => { 'user' => user } },
                      'scope' => { 'project' => project } }
        })
        @token = answer['X-Subject-Token']
        body = JSON.parse(answer.body)['token']
        @project_id = body['project']['id']
        @catalog = body['catalog']
        self
      end

      # GET of a collection in Keystone: `list('users', name: 'trove')`.
      def list(collection, **query)
        address = "#{@url}/#{collection}"
        address += "?#{URI.encode_www_form(query)}" unless query.empty?
        JSON.parse(request(:get, address).body)[collection.split('/').last]
      end

      def create(collection, member, values)
        JSON.parse(request(:post, "#{@url}/#{collection}", { member => values }).body)[member]
      end

      def update(path, member, values)
        JSON.parse(request(:patch, "#{@url}/#{path}", { member => values }).body)[member]
      end

      def put(path)
        request(:put, "#{@url}/#{path}")
      end

      def delete(path)
        request(:delete, "#{@url}/#{path}")
      end

      METHODS = { get: Net::HTTP::Get, post: Net::HTTP::Post, put: Net::HTTP::Put, patch: Net::HTTP::Patch,
                  delete: Net::HTTP::Delete }.freeze

      # One request to any service, with the session's token. Retries what is not there yet.
      def request(method, address, body = nil)
        uri = URI(address)
        question = METHODS.fetch(method).new(uri)
        question['X-Auth-Token'] = @token if @token
        question['Accept'] = 'application/json'
        if body
          question['Content-Type'] = 'application/json'
          question.body = JSON.generate(body)
        end
        answer = ask(uri, question)
        return answer if answer.is_a?(Net::HTTPSuccess)

        raise Refusal.new("#{method.upcase} #{address}: #{answer.code} #{answer.message}", answer.code.to_i)
      end

      private

      UNREACHABLE = [SystemCallError, SocketError, IOError, Timeout::Error].freeze
      UNAVAILABLE = [502, 503, 504].freeze

      def ask(uri, question)
        deadline = Time.now + @patience
        begin
          answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https', open_timeout: 5) do |http|
            http.request(question)
          end
          raise IOError, "#{answer.code} #{answer.message}" if UNAVAILABLE.include?(answer.code.to_i)
        rescue *UNREACHABLE => e
          raise Refusal.new("#{uri}: #{e.message}", 0) if Time.now > deadline

          sleep(0.5)
          retry
        end
        answer
      end
    end
  end
end
