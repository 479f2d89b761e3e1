# Fuel points the node to its own mirrors here. The nodes of the rig have their packages from their image and from the
# plugins' repositories.
notice('MODULAR: fuel_pkgs/setup_repositories.pp')
