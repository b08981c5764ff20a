"""A client of evolution-listener that needs nothing but Python 3.9.

The calls are generated from the service's /openapi.json. What is below them is written by hand.
"""

from __future__ import annotations

import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Callable, Dict, Iterator, Optional


class ServiceError(Exception):
    """The service refused. `tag` names the error, e.g. InstanceNotFound; `answer` has its fields."""

    def __init__(self, status: int, answer: Dict[str, Any]) -> None:
        super().__init__(answer.get("message", f"The answer {status} is not of this service"))
        self.status = status
        self.answer = answer
        self.tag = answer.get("_tag")


class EventsMissed(Exception):
    """Events after `after` were purged before they were read. To go on, iterate again."""

    def __init__(self, after: int) -> None:
        super().__init__(f"Events after {after} were purged before they were read")
        self.after = after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another address."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """Every method is one call of the API. Raises ServiceError, or OSError if no answer comes."""

    def __init__(self, base_url: str, api_key: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._opener = urllib.request.build_opener(_NoRedirect)

    # generated from /openapi.json

    def instances_list(self, *, server: Optional[str] = None) -> Any:
        """List the status of every instance, sorted by name."""
        return self._call("GET", "/instances", {}, {"server": server}, None)

    def instances_create(self, *, name: str, server: Optional[str] = None, integration: Optional[str] = None, number: Optional[str] = None, token: Optional[str] = None, business_id: Optional[Any] = None, status: Optional[Any] = None, owner_jid: Optional[Any] = None, profile_name: Optional[Any] = None, profile_pic_url: Optional[Any] = None, reject_call: Optional[Any] = None, msg_call: Optional[Any] = None, groups_ignore: Optional[Any] = None, always_online: Optional[Any] = None, read_messages: Optional[Any] = None, read_status: Optional[Any] = None, sync_full_history: Optional[Any] = None, wavoip_token: Optional[Any] = None, proxy_host: Optional[Any] = None, proxy_port: Optional[Any] = None, proxy_protocol: Optional[Any] = None, proxy_username: Optional[Any] = None, proxy_password: Optional[Any] = None, webhook: Optional[Any] = None, websocket: Optional[Any] = None, rabbitmq: Optional[Any] = None, nats: Optional[Any] = None, sqs: Optional[Any] = None, kafka: Optional[Any] = None, pusher: Optional[Any] = None, chatwoot_account_id: Optional[Any] = None, chatwoot_auto_create: Optional[Any] = None, chatwoot_conversation_pending: Optional[Any] = None, chatwoot_days_limit_import_messages: Optional[Any] = None, chatwoot_import_contacts: Optional[Any] = None, chatwoot_import_messages: Optional[Any] = None, chatwoot_logo: Optional[Any] = None, chatwoot_merge_brazil_contacts: Optional[Any] = None, chatwoot_name_inbox: Optional[Any] = None, chatwoot_organization: Optional[Any] = None, chatwoot_reopen_conversation: Optional[Any] = None, chatwoot_sign_msg: Optional[Any] = None, chatwoot_token: Optional[Any] = None, chatwoot_url: Optional[Any] = None) -> Any:
        """Create an instance at Evolution and listen to it."""
        return self._call("POST", "/instances", {}, {"server": server}, {"name": name, "integration": integration, "number": number, "token": token, "businessId": business_id, "status": status, "ownerJid": owner_jid, "profileName": profile_name, "profilePicUrl": profile_pic_url, "rejectCall": reject_call, "msgCall": msg_call, "groupsIgnore": groups_ignore, "alwaysOnline": always_online, "readMessages": read_messages, "readStatus": read_status, "syncFullHistory": sync_full_history, "wavoipToken": wavoip_token, "proxyHost": proxy_host, "proxyPort": proxy_port, "proxyProtocol": proxy_protocol, "proxyUsername": proxy_username, "proxyPassword": proxy_password, "webhook": webhook, "websocket": websocket, "rabbitmq": rabbitmq, "nats": nats, "sqs": sqs, "kafka": kafka, "pusher": pusher, "chatwootAccountId": chatwoot_account_id, "chatwootAutoCreate": chatwoot_auto_create, "chatwootConversationPending": chatwoot_conversation_pending, "chatwootDaysLimitImportMessages": chatwoot_days_limit_import_messages, "chatwootImportContacts": chatwoot_import_contacts, "chatwootImportMessages": chatwoot_import_messages, "chatwootLogo": chatwoot_logo, "chatwootMergeBrazilContacts": chatwoot_merge_brazil_contacts, "chatwootNameInbox": chatwoot_name_inbox, "chatwootOrganization": chatwoot_organization, "chatwootReopenConversation": chatwoot_reopen_conversation, "chatwootSignMsg": chatwoot_sign_msg, "chatwootToken": chatwoot_token, "chatwootUrl": chatwoot_url})

    def instances_get(self, *, name: str, server: Optional[str] = None) -> Any:
        """Read the status of one instance; the same as /status."""
        return self._call("GET", "/instances/{name}", {"name": name}, {"server": server}, None)

    def instances_remove(self, *, name: str, server: Optional[str] = None, purge: Optional[bool] = None) -> Any:
        """Delete an instance at Evolution and stop listening; its events stay unless purge=true."""
        return self._call("DELETE", "/instances/{name}", {"name": name}, {"server": server, "purge": purge}, None)

    def instances_start(self, *, name: str, server: Optional[str] = None) -> Any:
        """Listen to an instance from now on, also after restarts of the service."""
        return self._call("POST", "/instances/{name}/start", {"name": name}, {"server": server}, None)

    def instances_stop(self, *, name: str, server: Optional[str] = None) -> Any:
        """Stop listening to an instance until it is started again."""
        return self._call("POST", "/instances/{name}/stop", {"name": name}, {"server": server}, None)

    def instances_restart(self, *, name: str, server: Optional[str] = None) -> Any:
        """Replace the link of an instance by a fresh one, or dial at once if there is none."""
        return self._call("POST", "/instances/{name}/restart", {"name": name}, {"server": server}, None)

    def instances_status(self, *, name: str, server: Optional[str] = None) -> Any:
        """Read the desired state, our link, WhatsApp's state, and what a person has to do."""
        return self._call("GET", "/instances/{name}/status", {"name": name}, {"server": server}, None)

    def instances_gaps(self, *, name: str, server: Optional[str] = None, limit: Optional[int] = None) -> Any:
        """List the times without a link and what was recovered of them, newest first."""
        return self._call("GET", "/instances/{name}/gaps", {"name": name}, {"server": server, "limit": limit}, None)

    def instances_retry_gap(self, *, name: str, id: str, server: Optional[str] = None) -> Any:
        """Take the verdict on a gap back and fetch its messages again; an open gap stays as it is."""
        return self._call("POST", "/instances/{name}/gaps/{id}/retry", {"name": name, "id": id}, {"server": server}, None)

    def instances_import(self, *, name: str, from_: str, server: Optional[str] = None, to: Optional[str] = None, limit: Optional[int] = None) -> Any:
        """Fetch messages that Evolution stored before into the log; progress is in /gaps."""
        return self._call("POST", "/instances/{name}/import", {"name": name}, {"server": server}, {"from": from_, "to": to, "limit": limit})

    def instances_timeline(self, *, name: str, server: Optional[str] = None, hours: Optional[int] = None) -> Any:
        """Read the changes of the link and of WhatsApp's state, and the gaps."""
        return self._call("GET", "/instances/{name}/timeline", {"name": name}, {"server": server, "hours": hours}, None)

    def pairing_qrcode(self, *, name: str, format: Optional[str] = None, wait: Optional[int] = None, after: Optional[int] = None, server: Optional[str] = None) -> Any:
        """Read the current QR code; never asks Evolution for a new one."""
        return self._call("GET", "/instances/{name}/qrcode", {"name": name}, {"format": format, "wait": wait, "after": after, "server": server}, None)

    def pairing_request(self, *, name: str, server: Optional[str] = None) -> Any:
        """Ask Evolution for QR codes, unless it is already giving some."""
        return self._call("POST", "/instances/{name}/qrcode", {"name": name}, {"server": server}, None)

    def pairing_pair(self, *, name: str, number: str, server: Optional[str] = None) -> Any:
        """Get a code to type on the phone instead of scanning."""
        return self._call("POST", "/instances/{name}/pair", {"name": name}, {"server": server}, {"number": number})

    def pairing_link(self, *, name: str, server: Optional[str] = None, ttl: Optional[int] = None) -> Any:
        """Create a link that shows the codes of this instance to a person without a key."""
        return self._call("POST", "/instances/{name}/pairing-links", {"name": name}, {"server": server}, {"ttl": ttl})

    def events_read(self, *, instance: Optional[str] = None, server: Optional[str] = None, event: Optional[str] = None, after: Optional[int] = None, limit: Optional[int] = None) -> Any:
        """Read a page of the log, oldest events first."""
        return self._call("GET", "/events", {}, {"instance": instance, "server": server, "event": event, "after": after, "limit": limit}, None)

    def stream_tokens_make(self, *, ttl: Optional[int] = None) -> Any:
        """Make a token with which a browser's EventSource streams what this key may see."""
        return self._call("POST", "/stream-tokens", {}, {}, {"ttl": ttl})

    def session_open(self, *, ticket: str) -> Any:
        """Exchange the ticket of a sign-in link for a session token."""
        return self._call("POST", "/session", {}, {}, {"ticket": ticket})

    def keys_self(self) -> Any:
        """Read the scope and bounds of the key that this request carries."""
        return self._call("GET", "/keys/self", {}, {}, None)

    def keys_list(self) -> Any:
        """List every key that was made here, oldest first."""
        return self._call("GET", "/keys", {}, {}, None)

    def keys_make(self, *, name: str, scope: str, instances: Optional[Any] = None, servers: Optional[Any] = None, expires_at: Optional[str] = None) -> Any:
        """Create a key; only this answer contains it."""
        return self._call("POST", "/keys", {}, {}, {"name": name, "scope": scope, "instances": instances, "servers": servers, "expiresAt": expires_at})

    def keys_revoke(self, *, id: str) -> Any:
        """Revoke a key, at once and for good."""
        return self._call("DELETE", "/keys/{id}", {"id": id}, {}, None)

    def keys_audit(self, *, before: Optional[int] = None, limit: Optional[int] = None) -> Any:
        """List the commands of all keys and their outcomes, newest first."""
        return self._call("GET", "/audit", {}, {"before": before, "limit": limit}, None)

    def endpoints_list(self) -> Any:
        """List the endpoints with their states, oldest first, as far as the key may see all of their instances."""
        return self._call("GET", "/endpoints", {}, {}, None)

    def endpoints_create(self, *, name: str, target: Any, instances: Optional[Any] = None, servers: Optional[Any] = None, events: Optional[Any] = None, from_me: Optional[Any] = None, chats: Optional[Any] = None, has_media: Optional[Any] = None, shape: Optional[str] = None, by_events: Optional[Any] = None, order: Optional[str] = None, retry_delays: Optional[Any] = None, skip_after: Optional[int] = None, concurrency: Optional[int] = None, rate_limit: Optional[int] = None, secret: Optional[str] = None, start: Optional[Any] = None) -> Any:
        """Create an endpoint; only this answer contains its signing secret."""
        return self._call("POST", "/endpoints", {}, {}, {"name": name, "target": target, "instances": instances, "servers": servers, "events": events, "fromMe": from_me, "chats": chats, "hasMedia": has_media, "shape": shape, "byEvents": by_events, "order": order, "retryDelays": retry_delays, "skipAfter": skip_after, "concurrency": concurrency, "rateLimit": rate_limit, "secret": secret, "start": start})

    def endpoints_get(self, *, id: str) -> Any:
        """Read an endpoint and how far it has come."""
        return self._call("GET", "/endpoints/{id}", {"id": id}, {}, None)

    def endpoints_remove(self, *, id: str) -> Any:
        """Delete an endpoint with its cursors, replays and attempts."""
        return self._call("DELETE", "/endpoints/{id}", {"id": id}, {}, None)

    def endpoints_pause(self, *, id: str) -> Any:
        """Deliver nothing until the endpoint is resumed; its events wait."""
        return self._call("POST", "/endpoints/{id}/pause", {"id": id}, {}, None)

    def endpoints_resume(self, *, id: str, from_: Optional[Any] = None) -> Any:
        """Deliver again to an endpoint that was paused or disabled: from where it was, from now, or from a time."""
        return self._call("POST", "/endpoints/{id}/resume", {"id": id}, {}, {"from": from_})

    def endpoints_rotate(self, *, id: str, secret: Optional[str] = None, overlap: Optional[int] = None) -> Any:
        """Make a new signing secret, which only this answer contains; the old one stays good for 24 hours."""
        return self._call("POST", "/endpoints/{id}/rotate", {"id": id}, {}, {"secret": secret, "overlap": overlap})

    def endpoints_test(self, *, id: str) -> Any:
        """Send a test message now, in the way of all deliveries."""
        return self._call("POST", "/endpoints/{id}/test", {"id": id}, {}, None)

    def endpoints_deliver(self, *, id: str, event_id: int) -> Any:
        """Send one event of the log now, beside the lanes."""
        return self._call("POST", "/endpoints/{id}/deliver", {"id": id}, {}, {"eventId": event_id})

    def deliveries_lanes(self, *, id: str, limit: Optional[int] = None) -> Any:
        """List the lanes of an endpoint, failing ones first."""
        return self._call("GET", "/endpoints/{id}/lanes", {"id": id}, {"limit": limit}, None)

    def deliveries_attempts(self, *, id: str, before: Optional[int] = None, limit: Optional[int] = None) -> Any:
        """List the attempts that failed, and those that ended failures, newest first; kept for 7 days, the last 1 000."""
        return self._call("GET", "/endpoints/{id}/attempts", {"id": id}, {"before": before, "limit": limit}, None)

    def deliveries_undelivered(self, *, id: str, before: Optional[int] = None, limit: Optional[int] = None) -> Any:
        """List the events that were put aside, newest first."""
        return self._call("GET", "/endpoints/{id}/undelivered", {"id": id}, {"before": before, "limit": limit}, None)

    def deliveries_forget_all(self, *, id: str) -> Any:
        """Forget all events that were put aside; they stay in the log."""
        return self._call("DELETE", "/endpoints/{id}/undelivered", {"id": id}, {}, None)

    def deliveries_retry(self, *, id: str, event_id: Optional[int] = None) -> Any:
        """Send one event that was put aside again, or all of them."""
        return self._call("POST", "/endpoints/{id}/undelivered/retry", {"id": id}, {}, {"eventId": event_id})

    def deliveries_forget(self, *, id: str, event: int) -> Any:
        """Forget one event that was put aside; it stays in the log."""
        return self._call("DELETE", "/endpoints/{id}/undelivered/{event}", {"id": id, "event": event}, {}, None)

    def deliveries_replay(self, *, id: str, from_: Any, to: Optional[Any] = None, instances: Optional[Any] = None, events: Optional[Any] = None) -> Any:
        """Send the events of a stretch of the log once more, beside the events of now."""
        return self._call("POST", "/endpoints/{id}/replay", {"id": id}, {}, {"from": from_, "to": to, "instances": instances, "events": events})

    def deliveries_replays(self, *, id: str) -> Any:
        """List the last hundred replays of an endpoint, newest first."""
        return self._call("GET", "/endpoints/{id}/replays", {"id": id}, {}, None)

    def deliveries_cancel(self, *, id: str, replay: str) -> Any:
        """End a replay; what it has sent stays sent."""
        return self._call("DELETE", "/endpoints/{id}/replays/{replay}", {"id": id, "replay": replay}, {}, None)

    def summary_summary(self, *, server: Optional[str] = None) -> Any:
        """Read what is the case with Evolution, what to do, and the instances by their states."""
        return self._call("GET", "/summary", {}, {"server": server}, None)

    def cluster_state(self) -> Any:
        """List the replicas, and the Evolution servers with the replicas that own them."""
        return self._call("GET", "/cluster", {}, {}, None)

    def cluster_hand_over(self, *, id: str) -> Any:
        """Give an Evolution server to another replica."""
        return self._call("POST", "/cluster/servers/{id}/handover", {"id": id}, {}, None)

    def health_live(self) -> Any:
        """Check that the writer works; 503 means that only a restart helps."""
        return self._call("GET", "/health/live", {}, {}, None)

    def health_ready(self) -> Any:
        """Check that the database answers, has our schema and takes events."""
        return self._call("GET", "/health/ready", {}, {}, None)

    def metrics_metrics(self) -> Any:
        """Read all metrics, for Prometheus."""
        return self._call("GET", "/metrics", {}, {}, None)

    # end of what is generated

    def events(
        self,
        *,
        after: Optional[int] = None,
        event: Optional[str] = None,
        instance: Optional[str] = None,
        server: Optional[str] = None,
        on_missed: Optional[Callable[[int], None]] = None,
    ) -> "Events":
        """Follow the log, and go on after every interruption. `after`: the id of the last event you have."""
        return Events(self, after, {"event": event, "instance": instance, "server": server}, on_missed)

    def _call(
        self,
        method: str,
        path: str,
        places: Dict[str, str],
        query: Dict[str, Any],
        body: Optional[Dict[str, Any]],
    ) -> Any:
        for name, value in places.items():
            if value in ("", ".", ".."):
                raise ValueError(f"No path can carry {value!r} as {name}")
            path = path.replace("{" + name + "}", urllib.parse.quote(value, safe=""))
        given = None if body is None else {k: v for k, v in body.items() if v is not None}
        with self._open(method, path, query, given, 90) as response:
            text = response.read().decode()
            if response.headers.get_content_type() == "application/json":
                return json.loads(text)
            return text or None

    def _open(
        self, method: str, path: str, query: Dict[str, Any], body: Any, timeout: float
    ) -> Any:
        texts = {k: _text(v) for k, v in query.items() if v is not None}
        url = f"{self._base_url}{path}" + (f"?{urllib.parse.urlencode(texts)}" if texts else "")
        request = urllib.request.Request(url, method=method)
        request.add_header("Authorization", f"Bearer {self._api_key}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            return self._opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            with error:
                raise _refusal(error) from None


class Events:
    """Iterate over it. `last_event_id` is the place up to which everything was given: keep it."""

    _SILENCE = 40  # seconds; the service's heartbeat comes each 15

    def __init__(
        self,
        client: Client,
        after: Optional[int],
        filters: Dict[str, Optional[str]],
        on_missed: Optional[Callable[[int], None]],
    ) -> None:
        self._client = client
        self._filters = filters
        self._on_missed = on_missed
        self.last_event_id = after

    def __iter__(self) -> Iterator[Dict[str, Any]]:
        tries = 0
        while True:
            wait = 0.0
            try:
                for event in self._connection():
                    tries = 0
                    if event is not None:
                        yield event
            except ServiceError as error:
                if error.status < 500 and error.status not in (408, 425, 429):
                    raise
                wait = float(error.answer.get("retryAfterSeconds", 0))
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                pass  # lost, silent for too long, or torn
            pause = min(30.0, 2.0 ** min(tries, 5))
            time.sleep(wait + pause * random.uniform(0.5, 1.0))
            tries += 1

    def _connection(self) -> Iterator[Optional[Dict[str, Any]]]:
        """The events of one connection; None for a heartbeat."""
        query = {**self._filters, "after": self.last_event_id}
        with self._client._open("GET", "/events/stream", query, None, self._SILENCE) as lines:
            name, data, place = "", "", None
            for raw in lines:
                line = raw.decode().rstrip("\r\n")
                field, _, value = line.partition(":")
                value = value[1:] if value.startswith(" ") else value
                if line.startswith(":"):
                    yield None
                elif field == "event":
                    name = value
                elif field == "id":
                    place = int(value)
                elif field == "data":
                    data += value  # the service writes a frame's data in one line
                elif line == "" and data:
                    frame = json.loads(data)
                    before, self.last_event_id = self.last_event_id, place
                    if name == "":
                        yield frame
                    elif name == "hello" and not frame["recovered"] and before is not None:
                        self._missed(before)
                    name, data = "", ""

    def _missed(self, after: int) -> None:
        if self._on_missed is None:
            raise EventsMissed(after)
        self._on_missed(after)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refusal(error: urllib.error.HTTPError) -> ServiceError:
    try:
        answer = json.loads(error.read())
    except ValueError:
        answer = {}
    return ServiceError(error.code, answer if isinstance(answer, dict) else {})
