"""Parts that several pretext tasks need and no library offers; plugins get them through `sslstudio.api`."""
