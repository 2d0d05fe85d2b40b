"""A sign-in service in memory, which says whatever a test has it say: true or false."""

import base64
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from federation.testing import FakeClock

HOST = "login.school.example"
ISSUER = f"https://{HOST}"
CLIENT, SECRET = "peerhall", "a secret of the client"
SETTINGS: dict[str, Any] = {
    "oidc_issuer": ISSUER,
    "oidc_client_id": CLIENT,
    "oidc_client_secret": SECRET,
    "oidc_name": "School account",
    "oidc_required": ("groups=staff", "groups=guests"),
    "oidc_roles": ("admin:groups=it", "steward:groups=leads"),
    "oidc_create": "everybody",
}


class Provider:
    """People by subject with what is said of them, and the ways in which a test makes it lie.

    `claims` and `header` go over what a token says; `metadata` over what the service says of itself.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.people: dict[str, dict[str, Any]] = {}
        self.keys = [RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, auto_kid=False)]
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.refuses_refresh = False
        self.gives_refresh = True
        self.forge: Any = None
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
                Route("/me", self._me),
            ]
        )

    def add(self, subject: str, *groups: str, **claims: Any) -> None:
        """Somebody whom it knows."""
        self.people[subject] = {"groups": list(groups), **claims}

    def authorize(self, address: str, subject: str) -> dict[str, str]:
        """What it gives a browser to bring back, where somebody signs in at the address that we sent it to."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/authorize"
        asked = dict(parse_qsl(parts.query))
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        code = f"code-{len(self._codes)}-{subject}"
        self._codes[code] = asked | {"subject": subject}
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    def token(self, subject: str, nonce: str | None) -> str:
        """An ID token."""
        now = int(self.clock.now().timestamp())
        said = {"iss": ISSUER, "aud": CLIENT, "sub": subject, "iat": now, "exp": now + 300, "nonce": nonce}
        said |= self.people.get(subject, {}) | self.claims
        payload = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
        if self.forge is not None:
            return str(self.forge(payload))
        private = {name: value for name, value in self.keys[-1].as_dict(private=True).items() if name != "alg"}
        key = RSAKey.import_key(private)
        header = {"alg": "RS256", "kid": self.keys[-1].kid} | self.header
        return jws.serialize_compact(header, payload, key, algorithms=[header["alg"]])

    async def _discovery(self, _: Request) -> Response:
        self.asked.append("discovery")
        return JSONResponse(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/authorize",
                "token_endpoint": f"{ISSUER}/token",
                "jwks_uri": f"{ISSUER}/keys",
                "userinfo_endpoint": f"{ISSUER}/me",
                "end_session_endpoint": f"{ISSUER}/out",
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
            | self.metadata
        )

    async def _keys(self, _: Request) -> Response:
        self.asked.append("keys")
        return JSONResponse({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def _token(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".replace(" ", "+").encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if form["grant_type"] == "refresh_token":
            subject = form["refresh_token"].removeprefix("refresh-")
            if self.refuses_refresh or subject not in self.people:
                return JSONResponse({"error": "invalid_grant"}, 400)
            return self._tokens(subject, None)
        asked = self._codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._tokens(asked["subject"], asked["nonce"])

    def _tokens(self, subject: str, nonce: str | None) -> Response:
        given = {"access_token": f"access-{subject}", "token_type": "Bearer", "id_token": self.token(subject, nonce)}
        if self.gives_refresh:
            given["refresh_token"] = f"refresh-{subject}"
        return JSONResponse(given)

    async def _me(self, request: Request) -> Response:
        subject = request.headers.get("authorization", "").removeprefix("Bearer access-")
        return JSONResponse({"sub": subject} | self.people.get(subject, {}))
