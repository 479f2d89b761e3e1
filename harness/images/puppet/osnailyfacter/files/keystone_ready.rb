# frozen_string_literal: true

# Says by its exit code whether Keystone lets the administrator in and shows its own endpoints where they should be.
# usage: OS_USERNAME= OS_PASSWORD= OS_PROJECT_NAME= keystone_ready.rb ASKED_URL INTERNAL_URL PUBLIC_URL REGION
# Waits up to 20 s for a Keystone that is starting; a refusal is an answer and ends it at once.

require 'json'
require 'net/http'

asked, internal, public, region = ARGV
domain = { 'id' => 'default' }
question = { 'auth' => {
  'identity' => { 'methods' => ['password'],
                  'password' => { 'user' => { 'name' => ENV.fetch('OS_USERNAME'), 'domain' => domain,
                                              'password' => ENV.fetch('OS_PASSWORD') } } },
  'scope' => { 'project' => { 'name' => ENV.fetch('OS_PROJECT_NAME'), 'domain' => domain } }
} }

deadline = Time.now + 20
begin
  answer = Net::HTTP.post(URI("#{asked}/auth/tokens"), JSON.generate(question), 'Content-Type' => 'application/json')
  raise IOError, "Keystone answers #{answer.code}" if answer.is_a?(Net::HTTPServerError)
rescue SystemCallError, IOError, Timeout::Error => e
  abort(e.message) if Time.now > deadline
  sleep(0.3)
  retry
end
abort("Keystone answers #{answer.code}") unless answer.is_a?(Net::HTTPCreated)

catalog = JSON.parse(answer.body).dig('token', 'catalog')
endpoints = catalog.select { |service| service['type'] == 'identity' }.flat_map { |service| service['endpoints'] }
wanted = { 'internal' => internal, 'admin' => internal, 'public' => public }
shown = endpoints.select { |endpoint| endpoint['region'] == region }
                 .to_h { |endpoint| [endpoint['interface'], endpoint['url']] }
abort("endpoints are #{shown}") unless shown == wanted
