"""Set-up of SSL Studio from a fresh machine; standard library only, so that it runs before anything is installed."""
