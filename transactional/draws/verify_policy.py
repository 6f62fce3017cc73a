"""What the browser's verifier needs from the page around it: where its libraries lie, and leave to run their map."""

import base64
import hashlib
import json

from transactional.security import CONTENT_POLICY

IMPORT_MAP = json.dumps(
    {
        "imports": {
            "@noble/curves/": "/static/vendor/noble-curves-2.4.0/",
            "@noble/hashes/": "/static/vendor/noble-hashes-2.4.0/",
        }
    },
    separators=(",", ":"),
)
"""An import map must stand in the page itself; it is the one inline script there is, and named by its hash."""
_HASH = base64.b64encode(hashlib.sha256(IMPORT_MAP.encode()).digest()).decode()
VERIFY_CONTENT_POLICY = CONTENT_POLICY.replace("script-src 'self'", f"script-src 'self' 'sha256-{_HASH}'")
