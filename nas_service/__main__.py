"""`python -m nas_service` is `nas`."""

from nas_service.commands import main

main()
