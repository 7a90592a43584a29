"""All routes of the API, the more specific first."""

from virustotal.emulator.routes import account, behaviours, community, feeds, objects, private, uploads

ROUTES = [
    *uploads.ROUTES,
    *private.ROUTES,
    *behaviours.ROUTES,
    *account.ROUTES,
    *community.ROUTES,
    *feeds.ROUTES,
    *objects.ROUTES,
]
