<?php

declare(strict_types=1);

namespace EvolutionListener;

/**
 * A client of evolution-listener that needs nothing but PHP 8.1.
 *
 * The calls are generated from the service's /openapi.json. What is below them is written by hand.
 */

/** The service refused. `tag` names the error, e.g. InstanceNotFound; `answer` has its fields. */
final class ServiceError extends \RuntimeException
{
    public readonly ?string $tag;

    public function __construct(public readonly int $status, public readonly array $answer)
    {
        $this->tag = $answer['_tag'] ?? null;
        parent::__construct($answer['message'] ?? "The answer $status is not of this service");
    }
}

/** No answer came, or it broke off. */
final class NotReached extends \RuntimeException
{
}

/** Events after `after` were purged before they were read. To go on, iterate again. */
final class EventsMissed extends \RuntimeException
{
    public function __construct(public readonly int $after)
    {
        parent::__construct("Events after $after were purged before they were read");
    }
}

/** Every method is one call of the API. Throws ServiceError, or NotReached. */
final class Client
{
    private readonly string $baseUrl;

    public function __construct(string $baseUrl, #[\SensitiveParameter] private readonly string $apiKey)
    {
        $this->baseUrl = rtrim($baseUrl, '/');
    }

    // generated from /openapi.json

    /** List the status of every instance, sorted by name. */
    public function instancesList(?string $server = null): mixed
    {
        return $this->call('GET', '/instances', [], ['server' => $server], null);
    }

    /** Create an instance at Evolution and listen to it. */
    public function instancesCreate(string $name, ?string $server = null, ?string $integration = null, ?string $number = null, ?string $token = null, mixed $businessId = null, mixed $status = null, mixed $ownerJid = null, mixed $profileName = null, mixed $profilePicUrl = null, mixed $rejectCall = null, mixed $msgCall = null, mixed $groupsIgnore = null, mixed $alwaysOnline = null, mixed $readMessages = null, mixed $readStatus = null, mixed $syncFullHistory = null, mixed $wavoipToken = null, mixed $proxyHost = null, mixed $proxyPort = null, mixed $proxyProtocol = null, mixed $proxyUsername = null, mixed $proxyPassword = null, mixed $webhook = null, mixed $websocket = null, mixed $rabbitmq = null, mixed $nats = null, mixed $sqs = null, mixed $kafka = null, mixed $pusher = null, mixed $chatwootAccountId = null, mixed $chatwootAutoCreate = null, mixed $chatwootConversationPending = null, mixed $chatwootDaysLimitImportMessages = null, mixed $chatwootImportContacts = null, mixed $chatwootImportMessages = null, mixed $chatwootLogo = null, mixed $chatwootMergeBrazilContacts = null, mixed $chatwootNameInbox = null, mixed $chatwootOrganization = null, mixed $chatwootReopenConversation = null, mixed $chatwootSignMsg = null, mixed $chatwootToken = null, mixed $chatwootUrl = null): mixed
    {
        return $this->call('POST', '/instances', [], ['server' => $server], ['name' => $name, 'integration' => $integration, 'number' => $number, 'token' => $token, 'businessId' => $businessId, 'status' => $status, 'ownerJid' => $ownerJid, 'profileName' => $profileName, 'profilePicUrl' => $profilePicUrl, 'rejectCall' => $rejectCall, 'msgCall' => $msgCall, 'groupsIgnore' => $groupsIgnore, 'alwaysOnline' => $alwaysOnline, 'readMessages' => $readMessages, 'readStatus' => $readStatus, 'syncFullHistory' => $syncFullHistory, 'wavoipToken' => $wavoipToken, 'proxyHost' => $proxyHost, 'proxyPort' => $proxyPort, 'proxyProtocol' => $proxyProtocol, 'proxyUsername' => $proxyUsername, 'proxyPassword' => $proxyPassword, 'webhook' => $webhook, 'websocket' => $websocket, 'rabbitmq' => $rabbitmq, 'nats' => $nats, 'sqs' => $sqs, 'kafka' => $kafka, 'pusher' => $pusher, 'chatwootAccountId' => $chatwootAccountId, 'chatwootAutoCreate' => $chatwootAutoCreate, 'chatwootConversationPending' => $chatwootConversationPending, 'chatwootDaysLimitImportMessages' => $chatwootDaysLimitImportMessages, 'chatwootImportContacts' => $chatwootImportContacts, 'chatwootImportMessages' => $chatwootImportMessages, 'chatwootLogo' => $chatwootLogo, 'chatwootMergeBrazilContacts' => $chatwootMergeBrazilContacts, 'chatwootNameInbox' => $chatwootNameInbox, 'chatwootOrganization' => $chatwootOrganization, 'chatwootReopenConversation' => $chatwootReopenConversation, 'chatwootSignMsg' => $chatwootSignMsg, 'chatwootToken' => $chatwootToken, 'chatwootUrl' => $chatwootUrl]);
    }

    /** Read the status of one instance; the same as /status. */
    public function instancesGet(string $name, ?string $server = null): mixed
    {
        return $this->call('GET', '/instances/{name}', ['name' => $name], ['server' => $server], null);
    }

    /** Delete an instance at Evolution and stop listening; its events stay unless purge=true. */
    public function instancesRemove(string $name, ?string $server = null, ?bool $purge = null): mixed
    {
        return $this->call('DELETE', '/instances/{name}', ['name' => $name], ['server' => $server, 'purge' => $purge], null);
    }

    /** Listen to an instance from now on, also after restarts of the service. */
    public function instancesStart(string $name, ?string $server = null): mixed
    {
        return $this->call('POST', '/instances/{name}/start', ['name' => $name], ['server' => $server], null);
    }

    /** Stop listening to an instance until it is started again. */
    public function instancesStop(string $name, ?string $server = null): mixed
    {
        return $this->call('POST', '/instances/{name}/stop', ['name' => $name], ['server' => $server], null);
    }

    /** Replace the link of an instance by a fresh one, or dial at once if there is none. */
    public function instancesRestart(string $name, ?string $server = null): mixed
    {
        return $this->call('POST', '/instances/{name}/restart', ['name' => $name], ['server' => $server], null);
    }

    /** Read the desired state, our link, WhatsApp's state, and what a person has to do. */
    public function instancesStatus(string $name, ?string $server = null): mixed
    {
        return $this->call('GET', '/instances/{name}/status', ['name' => $name], ['server' => $server], null);
    }

    /** List the times without a link and what was recovered of them, newest first. */
    public function instancesGaps(string $name, ?string $server = null, ?int $limit = null): mixed
    {
        return $this->call('GET', '/instances/{name}/gaps', ['name' => $name], ['server' => $server, 'limit' => $limit], null);
    }

    /** Take the verdict on a gap back and fetch its messages again; an open gap stays as it is. */
    public function instancesRetryGap(string $name, string $id, ?string $server = null): mixed
    {
        return $this->call('POST', '/instances/{name}/gaps/{id}/retry', ['name' => $name, 'id' => $id], ['server' => $server], null);
    }

    /** Fetch messages that Evolution stored before into the log; progress is in /gaps. */
    public function instancesImport(string $name, string $from, ?string $server = null, ?string $to = null, ?int $limit = null): mixed
    {
        return $this->call('POST', '/instances/{name}/import', ['name' => $name], ['server' => $server], ['from' => $from, 'to' => $to, 'limit' => $limit]);
    }

    /** Read the changes of the link and of WhatsApp's state, and the gaps. */
    public function instancesTimeline(string $name, ?string $server = null, ?int $hours = null): mixed
    {
        return $this->call('GET', '/instances/{name}/timeline', ['name' => $name], ['server' => $server, 'hours' => $hours], null);
    }

    /** Read the current QR code; never asks Evolution for a new one. */
    public function pairingQrcode(string $name, ?string $format = null, ?int $wait = null, ?int $after = null, ?string $server = null): mixed
    {
        return $this->call('GET', '/instances/{name}/qrcode', ['name' => $name], ['format' => $format, 'wait' => $wait, 'after' => $after, 'server' => $server], null);
    }

    /** Ask Evolution for QR codes, unless it is already giving some. */
    public function pairingRequest(string $name, ?string $server = null): mixed
    {
        return $this->call('POST', '/instances/{name}/qrcode', ['name' => $name], ['server' => $server], null);
    }

    /** Get a code to type on the phone instead of scanning. */
    public function pairingPair(string $name, string $number, ?string $server = null): mixed
    {
        return $this->call('POST', '/instances/{name}/pair', ['name' => $name], ['server' => $server], ['number' => $number]);
    }

    /** Create a link that shows the codes of this instance to a person without a key. */
    public function pairingLink(string $name, ?string $server = null, ?int $ttl = null): mixed
    {
        return $this->call('POST', '/instances/{name}/pairing-links', ['name' => $name], ['server' => $server], ['ttl' => $ttl]);
    }

    /** Read a page of the log, oldest events first. */
    public function eventsRead(?string $instance = null, ?string $server = null, ?string $event = null, ?int $after = null, ?int $limit = null): mixed
    {
        return $this->call('GET', '/events', [], ['instance' => $instance, 'server' => $server, 'event' => $event, 'after' => $after, 'limit' => $limit], null);
    }

    /** Make a token with which a browser's EventSource streams what this key may see. */
    public function streamTokensMake(?int $ttl = null): mixed
    {
        return $this->call('POST', '/stream-tokens', [], [], ['ttl' => $ttl]);
    }

    /** Exchange the ticket of a sign-in link for a session token. */
    public function sessionOpen(string $ticket): mixed
    {
        return $this->call('POST', '/session', [], [], ['ticket' => $ticket]);
    }

    /** Read the scope and bounds of the key that this request carries. */
    public function keysSelf(): mixed
    {
        return $this->call('GET', '/keys/self', [], [], null);
    }

    /** List every key that was made here, oldest first. */
    public function keysList(): mixed
    {
        return $this->call('GET', '/keys', [], [], null);
    }

    /** Create a key; only this answer contains it. */
    public function keysMake(string $name, string $scope, mixed $instances = null, mixed $servers = null, ?string $expiresAt = null): mixed
    {
        return $this->call('POST', '/keys', [], [], ['name' => $name, 'scope' => $scope, 'instances' => $instances, 'servers' => $servers, 'expiresAt' => $expiresAt]);
    }

    /** Revoke a key, at once and for good. */
    public function keysRevoke(string $id): mixed
    {
        return $this->call('DELETE', '/keys/{id}', ['id' => $id], [], null);
    }

    /** List the commands of all keys and their outcomes, newest first. */
    public function keysAudit(?int $before = null, ?int $limit = null): mixed
    {
        return $this->call('GET', '/audit', [], ['before' => $before, 'limit' => $limit], null);
    }

    /** List the endpoints with their states, oldest first, as far as the key may see all of their instances. */
    public function endpointsList(): mixed
    {
        return $this->call('GET', '/endpoints', [], [], null);
    }

    /** Create an endpoint; only this answer contains its signing secret. */
    public function endpointsCreate(string $name, mixed $target, mixed $instances = null, mixed $servers = null, mixed $events = null, mixed $fromMe = null, mixed $chats = null, mixed $hasMedia = null, ?string $shape = null, mixed $byEvents = null, ?string $order = null, mixed $retryDelays = null, ?int $skipAfter = null, ?int $concurrency = null, ?int $rateLimit = null, ?string $secret = null, mixed $start = null): mixed
    {
        return $this->call('POST', '/endpoints', [], [], ['name' => $name, 'target' => $target, 'instances' => $instances, 'servers' => $servers, 'events' => $events, 'fromMe' => $fromMe, 'chats' => $chats, 'hasMedia' => $hasMedia, 'shape' => $shape, 'byEvents' => $byEvents, 'order' => $order, 'retryDelays' => $retryDelays, 'skipAfter' => $skipAfter, 'concurrency' => $concurrency, 'rateLimit' => $rateLimit, 'secret' => $secret, 'start' => $start]);
    }

    /** Read an endpoint and how far it has come. */
    public function endpointsGet(string $id): mixed
    {
        return $this->call('GET', '/endpoints/{id}', ['id' => $id], [], null);
    }

    /** Delete an endpoint with its cursors, replays and attempts. */
    public function endpointsRemove(string $id): mixed
    {
        return $this->call('DELETE', '/endpoints/{id}', ['id' => $id], [], null);
    }

    /** Deliver nothing until the endpoint is resumed; its events wait. */
    public function endpointsPause(string $id): mixed
    {
        return $this->call('POST', '/endpoints/{id}/pause', ['id' => $id], [], null);
    }

    /** Deliver again to an endpoint that was paused or disabled: from where it was, from now, or from a time. */
    public function endpointsResume(string $id, mixed $from = null): mixed
    {
        return $this->call('POST', '/endpoints/{id}/resume', ['id' => $id], [], ['from' => $from]);
    }

    /** Make a new signing secret, which only this answer contains; the old one stays good for 24 hours. */
    public function endpointsRotate(string $id, ?string $secret = null, ?int $overlap = null): mixed
    {
        return $this->call('POST', '/endpoints/{id}/rotate', ['id' => $id], [], ['secret' => $secret, 'overlap' => $overlap]);
    }

    /** Send a test message now, in the way of all deliveries. */
    public function endpointsTest(string $id): mixed
    {
        return $this->call('POST', '/endpoints/{id}/test', ['id' => $id], [], null);
    }

    /** Send one event of the log now, beside the lanes. */
    public function endpointsDeliver(string $id, int $eventId): mixed
    {
        return $this->call('POST', '/endpoints/{id}/deliver', ['id' => $id], [], ['eventId' => $eventId]);
    }

    /** List the lanes of an endpoint, failing ones first. */
    public function deliveriesLanes(string $id, ?int $limit = null): mixed
    {
        return $this->call('GET', '/endpoints/{id}/lanes', ['id' => $id], ['limit' => $limit], null);
    }

    /** List the attempts that failed, and those that ended failures, newest first; kept for 7 days, the last 1 000. */
    public function deliveriesAttempts(string $id, ?int $before = null, ?int $limit = null): mixed
    {
        return $this->call('GET', '/endpoints/{id}/attempts', ['id' => $id], ['before' => $before, 'limit' => $limit], null);
    }

    /** List the events that were put aside, newest first. */
    public function deliveriesUndelivered(string $id, ?int $before = null, ?int $limit = null): mixed
    {
        return $this->call('GET', '/endpoints/{id}/undelivered', ['id' => $id], ['before' => $before, 'limit' => $limit], null);
    }

    /** Forget all events that were put aside; they stay in the log. */
    public function deliveriesForgetAll(string $id): mixed
    {
        return $this->call('DELETE', '/endpoints/{id}/undelivered', ['id' => $id], [], null);
    }

    /** Send one event that was put aside again, or all of them. */
    public function deliveriesRetry(string $id, ?int $eventId = null): mixed
    {
        return $this->call('POST', '/endpoints/{id}/undelivered/retry', ['id' => $id], [], ['eventId' => $eventId]);
    }

    /** Forget one event that was put aside; it stays in the log. */
    public function deliveriesForget(string $id, int $event): mixed
    {
        return $this->call('DELETE', '/endpoints/{id}/undelivered/{event}', ['id' => $id, 'event' => $event], [], null);
    }

    /** Send the events of a stretch of the log once more, beside the events of now. */
    public function deliveriesReplay(string $id, mixed $from, mixed $to = null, mixed $instances = null, mixed $events = null): mixed
    {
        return $this->call('POST', '/endpoints/{id}/replay', ['id' => $id], [], ['from' => $from, 'to' => $to, 'instances' => $instances, 'events' => $events]);
    }

    /** List the last hundred replays of an endpoint, newest first. */
    public function deliveriesReplays(string $id): mixed
    {
        return $this->call('GET', '/endpoints/{id}/replays', ['id' => $id], [], null);
    }

    /** End a replay; what it has sent stays sent. */
    public function deliveriesCancel(string $id, string $replay): mixed
    {
        return $this->call('DELETE', '/endpoints/{id}/replays/{replay}', ['id' => $id, 'replay' => $replay], [], null);
    }

    /** Read what is the case with Evolution, what to do, and the instances by their states. */
    public function summarySummary(?string $server = null): mixed
    {
        return $this->call('GET', '/summary', [], ['server' => $server], null);
    }

    /** List the replicas, and the Evolution servers with the replicas that own them. */
    public function clusterState(): mixed
    {
        return $this->call('GET', '/cluster', [], [], null);
    }

    /** Give an Evolution server to another replica. */
    public function clusterHandOver(string $id): mixed
    {
        return $this->call('POST', '/cluster/servers/{id}/handover', ['id' => $id], [], null);
    }

    /** Check that the writer works; 503 means that only a restart helps. */
    public function healthLive(): mixed
    {
        return $this->call('GET', '/health/live', [], [], null);
    }

    /** Check that the database answers, has our schema and takes events. */
    public function healthReady(): mixed
    {
        return $this->call('GET', '/health/ready', [], [], null);
    }

    /** Read all metrics, for Prometheus. */
    public function metricsMetrics(): mixed
    {
        return $this->call('GET', '/metrics', [], [], null);
    }

    // end of what is generated

    /** Follows the log, and goes on after every interruption. `after`: the id of the last event you have. */
    public function events(
        ?int $after = null,
        ?string $event = null,
        ?string $instance = null,
        ?\Closure $onMissed = null,
        ?string $server = null
    ): Events {
        $filter = ['event' => $event, 'instance' => $instance, 'server' => $server];
        return new Events($this->open(...), $filter, $onMissed, $after);
    }

    private function call(string $method, string $path, array $places, array $query, ?array $body): mixed
    {
        foreach ($places as $name => $value) {
            if (in_array($value, ['', '.', '..'], true)) {
                throw new \ValueError("No path can carry \"$value\" as $name");
            }
            $path = str_replace('{' . $name . '}', rawurlencode($value), $path);
        }
        $stream = $this->open($method, $path, $query, $body, 90);
        $text = stream_get_contents($stream);
        $isWhole = !stream_get_meta_data($stream)['timed_out'];
        fclose($stream);
        if ($text === false || !$isWhole) {
            throw new NotReached("$method $path: the answer broke off");
        }
        return json_decode($text, true) ?? ($text === '' ? null : $text);
    }

    /** @return resource the body of the answer */
    private function open(string $method, string $path, array $query, ?array $body, int $seconds)
    {
        $isGiven = static fn (mixed $value): bool => $value !== null;
        $texts = array_map(
            static fn (mixed $value): string => is_bool($value) ? ($value ? 'true' : 'false') : (string) $value,
            array_filter($query, $isGiven)
        );
        $url = $this->baseUrl . $path . ($texts === [] ? '' : '?' . http_build_query($texts));
        $headers = ["Authorization: Bearer $this->apiKey", 'Connection: close'];
        // By HTTP/1.1 the body comes in chunks, and PHP would wait for 8 KB of them before it gives a line.
        $http = ['method' => $method, 'timeout' => $seconds, 'ignore_errors' => true, 'protocol_version' => 1.0];
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
            $http['content'] = json_encode((object) array_filter($body, $isGiven), JSON_THROW_ON_ERROR);
        }
        // A redirect would carry the key to another address.
        $http += ['header' => $headers, 'follow_location' => 0];
        $stream = @fopen($url, 'r', false, stream_context_create(['http' => $http]));
        if ($stream === false) {
            throw new NotReached("$method $path: no answer came");
        }
        $lines = stream_get_meta_data($stream)['wrapper_data'];
        $status = (int) explode(' ', $lines[0])[1];
        if ($status >= 300) {
            $answer = json_decode((string) stream_get_contents($stream), true);
            fclose($stream);
            throw new ServiceError($status, is_array($answer) ? $answer : []);
        }
        return $stream;
    }
}

/** Iterate over it. `lastEventId` is the place up to which everything was given: keep it. */
final class Events implements \IteratorAggregate
{
    /** In seconds; the service's heartbeat comes each 15. */
    private const SILENCE = 40;

    public function __construct(
        private readonly \Closure $open,
        private readonly array $filters,
        private readonly ?\Closure $onMissed,
        public ?int $lastEventId
    ) {
    }

    public function getIterator(): \Generator
    {
        $tries = 0;
        while (true) {
            $wait = 0;
            try {
                foreach ($this->connection() as $event) {
                    $tries = 0;
                    if ($event !== null) {
                        yield $event;
                    }
                }
            } catch (ServiceError $error) {
                if ($error->status < 500 && !in_array($error->status, [408, 425, 429], true)) {
                    throw $error;
                }
                $wait = $error->answer['retryAfterSeconds'] ?? 0;
            } catch (NotReached | \JsonException) {
                // Lost, silent for too long, or torn.
            }
            $pause = min(30, 2 ** min($tries, 5));
            usleep((int) (1e6 * ($wait + $pause * random_int(50, 100) / 100)));
            $tries++;
        }
    }

    /** The events of one connection; null for a heartbeat. */
    private function connection(): \Generator
    {
        $query = [...$this->filters, 'after' => $this->lastEventId];
        $stream = ($this->open)('GET', '/events/stream', $query, null, self::SILENCE);
        try {
            [$name, $data, $place] = ['', '', null];
            while (($raw = fgets($stream)) !== false) {
                if (!str_ends_with($raw, "\n")) {
                    return; // the connection ended within a line
                }
                $line = rtrim($raw, "\r\n");
                [$field, $value] = [...explode(':', $line, 2), ''];
                $value = str_starts_with($value, ' ') ? substr($value, 1) : $value;
                if ($field === '' && $line !== '') {
                    yield null;
                } elseif ($field === 'event') {
                    $name = $value;
                } elseif ($field === 'id') {
                    $place = (int) $value;
                } elseif ($field === 'data') {
                    $data .= $value; // the service writes a frame's data in one line
                } elseif ($line === '' && $data !== '') {
                    $frame = json_decode($data, true, flags: JSON_THROW_ON_ERROR);
                    [$before, $this->lastEventId] = [$this->lastEventId, $place];
                    if ($name === '') {
                        yield $frame;
                    } elseif ($name === 'hello' && !$frame['recovered'] && $before !== null) {
                        $this->missed($before);
                    }
                    [$name, $data] = ['', ''];
                }
            }
        } finally {
            fclose($stream);
        }
    }

    private function missed(int $after): void
    {
        if ($this->onMissed === null) {
            throw new EventsMissed($after);
        }
        ($this->onMissed)($after);
    }
}
