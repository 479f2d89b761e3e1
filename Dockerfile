# Every image of the rig, one target each. Context: harness/images/
#
#   docker build -f Dockerfile --target controller -t fuelrig-dev/controller harness/images
#
# The classic builder runs every stage above the wanted one, so the stages stand in the order of their cost:
# puppet-modules, then the master's small services, then node, then controller.
ARG BASE=debian:bookworm-slim

# --- puppet-modules: what the master serves as rsync://MASTER:/puppet/VERSION/modules/ ------------------------------
# Fuel ships its own set of modules; the distribution's packages of the same upstream modules take their place, and
# `osnailyfacter`, which holds Fuel's own task manifests, is a stand-in that is written here.
# Left out on purpose: modules whose custom facts cost seconds on every run (apt) or need what no node has (postgresql),
# and those of stdlib's facts that load every package and service provider to name the default one, or resolve every
# fact to find out that this is no Puppet Enterprise (0.9 s of every task).
FROM ${BASE} AS puppet-modules
COPY puppet/module-packages /tmp/module-packages
RUN set -eu; \
    apt-get update; \
    mkdir -p /tmp/packages /tmp/tree /modules; \
    cd /tmp/packages; \
    apt-get download $(sed 's/#.*//' /tmp/module-packages); \
    for package in *.deb; do dpkg-deb -x "$package" /tmp/tree; done; \
    cp -rL /tmp/tree/usr/share/puppet/modules.available/. /modules/; \
    for module in /modules/*-*; do \
        name=$(basename "$module" | sed -e 's/^[^-]*-//' -e 's/-/_/g'); mv "$module" "/modules/$name"; \
    done; \
    mkdir /modules/openstacklib/facts.d; \
    mv /tmp/tree/etc/facter/facts.d/* /modules/openstacklib/facts.d/; \
    (cd /modules/stdlib/lib/facter && rm package_provider.rb service_provider.rb pe_version.rb); \
    find /modules -depth -type d -name spec -exec rm -rf {} +; \
    rm -rf /tmp/packages /tmp/tree /tmp/module-packages /var/lib/apt/lists/*; \
    ls /modules
COPY puppet/openstack /modules/openstack
COPY puppet/osnailyfacter /modules/osnailyfacter

# --- node: a provisioned target node without a role -----------------------------------------------------------------
FROM ${BASE} AS provisioned
COPY node/dpkg-unsafe-io /etc/dpkg/dpkg.cfg.d/force-unsafe-io
COPY node/packages /tmp/node-packages
RUN set -eu; \
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 0755 /usr/sbin/policy-rc.d; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        $(sed 's/#.*//' /tmp/node-packages); \
    echo 'en_US.UTF-8 UTF-8' > /etc/locale.gen; locale-gen; update-locale LANG=en_US.UTF-8; \
    rm -rf /tmp/node-packages /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/sbin/policy-rc.d
COPY node/setup /tmp/node-setup
COPY node/root /
RUN /tmp/node-setup && rm /tmp/node-setup
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/init"]

# The modules come last: they change more often than packages do.
FROM provisioned AS node
COPY --from=puppet-modules /modules /etc/puppet/modules

# --- controller: a node that already runs what a controller runs when plugins come ------------------------------------
FROM provisioned AS controller
COPY controller/packages /tmp/controller-packages
RUN set -eu; \
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 0755 /usr/sbin/policy-rc.d; \
    distribution-sources on; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        $(sed 's/#.*//' /tmp/controller-packages); \
    distribution-sources off; \
    rm -rf /tmp/controller-packages /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /usr/sbin/policy-rc.d
COPY controller/root /
COPY controller/setup /tmp/controller-setup
RUN /tmp/controller-setup && rm /tmp/controller-setup
COPY --from=puppet-modules /modules /etc/puppet/modules

# --- nginx: the master's web server, repositories on 8080 and services on 8000 ----------------------------------------
# Neither this nor the next one exposes ports in its image: the engine refuses that for containers that share a network
# namespace.
FROM ${BASE} AS nginx
RUN set -eu; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nginx-light; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/www/html
COPY nginx/nginx.conf /etc/nginx/nginx.conf
COPY nginx/index.html /var/www/nailgun/index.html
RUN mkdir -p /var/www/nailgun/plugins
STOPSIGNAL SIGQUIT
CMD ["nginx"]

# --- rsync: the master's rsync daemon, modules [puppet] and [plugins] -------------------------------------------------
FROM ${BASE} AS rsync
RUN set -eu; \
    apt-get update; \
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends rsync; \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb; \
    mkdir -p /etc/puppet/mitaka-9.0/manifests /var/www/nailgun/plugins; \
    for release in 2014.2.2-6.1 2015.1.0-7.0 liberty-8.0; do ln -s mitaka-9.0 "/etc/puppet/$release"; done
COPY --from=puppet-modules /modules /etc/puppet/mitaka-9.0/modules
COPY rsync/rsyncd.conf /etc/rsyncd.conf
CMD ["rsync", "--daemon", "--no-detach", "--ipv4", "--port=873"]

# --- nailgun: the master's brain, this project's own executable under all its names -----------------------------------
# The rig adds the executable to the context. By hand, with a builder that skips unneeded stages (BuildKit):
#   cp target/x86_64-unknown-linux-gnu/release/fuelrig harness/images/nailgun/root/usr/bin/
FROM scratch AS nailgun
COPY nailgun/root/ /
ENV PATH=/usr/bin
WORKDIR /tmp
CMD ["/usr/bin/mock-nailgun", "serve"]
