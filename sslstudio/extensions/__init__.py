"""The plugin host: manifests, discovery, consent, and loading code in a worker; nothing else imports plugin code."""
