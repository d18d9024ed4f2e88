"""Middleware: pages load no script from a hostile domain and no unpinned one (sheet: kybern 6).

Upstream's pages ask for "the latest" of several libraries, which by now are made for another Vue, and for polyfill.io,
whose domain turned hostile in June 2024.
"""

import re

POLYFILL = re.compile(rb"<script[^>]*polyfill\.io[^>]*>\s*</script>")
PINS = (
    (b"https://unpkg.com/bootstrap-vue@latest/", b"https://unpkg.com/bootstrap-vue@2.21.2/"),
    (b'"//unpkg.com/bootstrap-vue@latest/', b'"https://unpkg.com/bootstrap-vue@2.21.2/'),
    (b"https://unpkg.com/axios/", b"https://unpkg.com/axios@0.21.4/"),
    (b"https://unpkg.com/vue-router/", b"https://unpkg.com/vue-router@3.5.1/"),
)


class PinnedScripts:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not response.streaming and response.get("Content-Type", "").startswith("text/html"):
            content = POLYFILL.sub(b"", response.content)
            for asked, pinned in PINS:
                content = content.replace(asked, pinned)
            response.content = content
            if response.has_header("Content-Length"):
                response["Content-Length"] = str(len(content))
        return response
