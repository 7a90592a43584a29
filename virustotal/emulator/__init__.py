"""A local server that answers like the VirusTotal v3 API, over a folder of reports or its own invented world.

It needs the extra ``emulator`` (aiohttp). It is a server of its own: nothing here imports the service.

In Python::

    from virustotal.emulator.server import Emulator

    with Emulator(switches={"count": "absent"}, keys={"k": "public:minute=100"}) as emulator:
        emulator.url                                  # http://127.0.0.1:43210; the API is below /api/v3
        emulator.fault("GET /files/*/contacted_ips", status=503, times=2)
        emulator.fault("*/pcap", "truncate", size=10)
        emulator.switches.unknown_host = "404"
        emulator.clock.set(1735689600); emulator.clock.advance(61)
        emulator.store.put({"type": "file", "id": "…", "attributes": {…}}, {"dropped_files": [{"type": …, "id": …}]})
        emulator.requests.paths()                     # ["GET /files/275a…", …]; also len(), iteration, .charged, .peak
        emulator.uploads["275a…"], emulator.leaks     # complete uploads per SHA-256; keys sent to the other host
        emulator.clear()                              # as constructed again

``Emulator(world)``: None is the invented world (:mod:`virustotal.emulator.world`), a path a folder of report files
(:mod:`virustotal.emulator.reading` says how they are read), a mapping ``{"file/x.json": {"data": …}}`` the same in
memory, a list of these one over the other. Keys map to ``public``, ``premium`` or ``gti``, with options
(``premium:-artefacts:day=50``); without any there are ``public-key``, ``premium-key`` and ``gti-key``.
Switches: :mod:`virustotal.emulator.switches`. Faults: :mod:`virustotal.emulator.faults`.

From other processes: ``python -m virustotal.emulator [FOLDER] --port 0 --key KEY=TIER --switch NAME=VALUE`` prints one
line of JSON, ``{"url": …, "other_url": …}``, and serves until interrupted. Over HTTP, below the API's origin, without
a key, JSON in and out:

- ``GET /emulator/state``: counts, uploads, leaks, quotas used, time.
- ``GET /emulator/requests``, ``DELETE``: the log as a list; forget it.
- ``GET /emulator/switches``, ``PUT``: ``{"values", "choices"}``; set ``{name: value}``.
- ``GET /emulator/faults``, ``POST``, ``DELETE``: ``{"faults", "kinds"}``; add one or a list; remove all.
- ``PUT /emulator/clock``: ``{"now": seconds or null}`` or ``{"advance": seconds}``.
- ``PUT /emulator/keys``: ``{key: tier}``.
- ``POST /emulator/objects``: ``{"object": {…}, "relationships": {name: items}}``.
- ``POST /emulator/clear``: as constructed again.
"""
