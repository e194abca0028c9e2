const KiB = 1024
const MiB = 1024 * KiB

/**
 * Every limit of the server, with its unit last in the name. What happens at each of them is written in
 * docs/configuration.md; a test fails when one is missing there.
 */
export const limits = {
  /** One event as it was received. */
  eventBytesMax: 256 * KiB,
  /** Events of one request. */
  batchEventsMax: 2_000,
  /** A compressed request body. */
  batchGzipBytesMax: 1 * MiB,
  /** A request body, after it was decompressed. */
  batchBytesMax: 8 * MiB,

  /** Time that a record waits for others to be sealed with it. */
  sealGatherMs: 500,
  /** Leaves that are appended to the log before it is signed again, whatever the time. */
  sealLeavesMax: 16_384,
  /** The newest leaves of the log that are compared with the journal at a start. */
  startCheckLeavesMax: 65_536,

  /** Files that checkpoints are kept in. A network disk that hangs holds one of the process's four threads for files. */
  anchorFilesMax: 2,
  /** Webhooks, and witnesses. */
  anchorUrlsMax: 8,
  /** Time for an anchor to take a checkpoint. */
  anchorTimeoutMs: 10_000,
  /** What is read of an anchor's answer. */
  anchorAnswerBytesMax: 64 * KiB,
  /** Pause after an anchor failed, doubled each time up to the second one, or `--anchor-every` if that is shorter. */
  anchorRetryDelayMs: 1_000,
  anchorRetryDelayMsMax: 60_000,
  /** Time at a start for the anchors to say what they know of the log, before anything is signed. */
  anchorStartMsMax: 5_000,
  /** Time at a stop for what was sealed last to get to the anchors. */
  anchorStopMsMax: 3_000,

  /** Bad things that `playtrail verify` names; the others are counted. */
  verifyFindingsMax: 20,
  /** Tiles, and bundles of entries, that `playtrail verify` reads ahead. */
  verifyAheadMax: 8,

  /** A request to `playtrail witness`. */
  witnessRequestBytesMax: 64 * KiB,

  /** Events that are waiting for the disk; more are answered 503 `overloaded`. */
  appendQueueBytesMax: 64 * MiB,
  /** What one write and fdatasync takes from that queue, unless a single request is larger. */
  commitBytesMax: 4 * MiB,
  /** A segment of the journal; the commit that passes it is the segment's last. */
  segmentBytesMax: 64 * MiB,
  /** One read of the journal by a follower, and so the largest record. */
  readBytesMax: 2 * MiB,

  /** A file that takes up space, to be given up when the disk is full: for what the service has to record then. */
  reserveBytes: 4 * MiB,
  /** Pause between two looks how much of the disk is free. */
  spaceLookMs: 250,
  /** Events about conflicting ids that the service records within a minute; the rest is counted in one more. */
  conflictEventsPerMinuteMax: 10,

  /** Pause between two heartbeats of the service, which are told also if nothing happened. */
  serviceHeartbeatMs: 3_600_000,
  /** Pause after one that could not be recorded. */
  serviceHeartbeatRetryMs: 60_000,
  /** Pause between two looks whether tokens were made or revoked. */
  tokensLookMs: 1_000,
  /** Events about refused requests that the service records within a minute; the rest is counted in one more. */
  refusalEventsPerMinuteMax: 10,

  /** A file of the quarantine; then the next one is begun. */
  quarantineFileBytesMax: 8 * MiB,
  /** Files of the quarantine; the oldest goes when there are more. */
  quarantineFilesMax: 8,
  /** Refused events that wait for the disk; more are answered 503 `overloaded`. */
  quarantineQueueBytesMax: 32 * MiB,
  /** What is kept of one refused line or body. */
  quarantineEntryBytesMax: 256 * KiB,

  /** Writes to the embedded store under way at once. */
  indexWritesInFlightMax: 2,
  /** Pause after a write to the store failed, doubled each time up to the second one. */
  indexRetryDelayMs: 100,
  indexRetryDelayMsMax: 10_000,

  /** Reads of the journal that are being written to Elasticsearch at once. */
  elasticsearchWritesInFlightMax: 12,
  /** Time for Elasticsearch to answer a request. */
  elasticsearchTimeoutMs: 30_000,
  /** Documents of one bulk request. */
  bulkOperationsMax: 2_000,
  /** Bytes of one bulk request, unless one document is larger. Halved when Elasticsearch takes less. */
  bulkBytesMax: 5 * MiB,
  /** Bytes of one bulk request while Elasticsearch fails again and again; doubled as soon as it takes them. */
  bulkBytesMin: 64 * KiB,
  /** Time that a few documents wait for more to share their request. */
  bulkGatherMsMax: 200,
  /** Bulk requests under way at once: at first, and at most when Elasticsearch keeps up. */
  bulkRequestsStart: 2,
  bulkRequestsMax: 8,
  /** Bulk requests that have to succeed in a row before one more is sent at once. */
  bulkSuccessesBeforeMore: 20,
  /** Longest pause after a bulk request failed, doubled each time up to the second one; it is drawn from 0 to there. */
  bulkRetryDelayMs: 200,
  bulkRetryDelayMsMax: 10_000,
  /** Times that a document is sent on which Elasticsearch fails with an error of its own; then it is a dead letter. */
  bulkItemTriesMax: 8,
  /** The same while Elasticsearch takes no other document either: minutes, in which an outage may end. */
  bulkItemTriesAloneMax: 64,
  /** Runs that are read and written at once. */
  runsOfBulkMax: 500,
  /** Gaps in the numbers of a run's events; beyond it its document is not brought up to date. */
  runGapsMax: 10_000,
  /**
   * Stretches of a run's events that follow one another in a journal as their numbers do; beyond it the run's document does
   * not say where its events stand, and who asks looks at the events.
   */
  runStretchesMax: 1_000,
  /** What is kept of the reason why the index refused an event. */
  deadLetterReasonCharactersMax: 2_000,
  /** Dead letters that are read at once. */
  deadLettersAtOnceMax: 500,
  /** Dead letters that are sent to the index at once. */
  deadLettersInFlightMax: 100,
  /** Time that `playtrail dead-letters retry` waits for an answer of the index. */
  deadLettersRetryMsMax: 60_000,

  /** Pause between two looks whether another index has taken the place of this one. */
  generationLookMs: 5_000,

  /** Documents that `playtrail reconcile` reads, or repairs, at once. */
  reconcilePageItems: 200,
  /** Names of fields that it tells of one document; beyond it stands `…`. */
  reconcileFieldsMax: 20,
  /** Times that it asks Elasticsearch, if that is too busy to answer. */
  reconcileTriesMax: 8,
  /** Looks at a run that is being written to, and the pause between two; then it is not compared. */
  reconcileLooksMax: 5,
  reconcileLookMs: 1_000,

  /** Pause between two looks for runs that fell silent; `--silent-after`, if that is shorter. */
  silenceIntervalMs: 30_000,
  /** Runs that one such look closes; the next one closes the rest. */
  silencesAtOnceMax: 100,

  /** Pause between two looks for what is older than `--keep-days` and `--keep-runs`. */
  expireIntervalMs: 600_000,
  /** Events that one such step removes, in one transaction. */
  expireEventsMax: 1_000,

  /** Questions that wait for the index; more are answered 503 `overloaded`. */
  questionsWaitingMax: 1_000,
  /** The write-ahead log of the embedded store; beyond it new questions wait until it has been shortened. */
  writeAheadLogBytesMax: 128 * MiB,
  /** Bytes of the events on one page of an answer; a page that would be larger ends early. */
  pageBytesMax: 8 * MiB,
  /** Items of one page of an answer, if the request does not say. */
  pageItemsDefault: 50,
  pageItemsMax: 1_000,
  /** Items of a list that an export asks the index for at once. Twice as many take twice the memory, and are a tenth faster. */
  exportPageItems: 50,
  /** Exports under way at once. */
  exportsMax: 10,
  /** Time for a client to take something of an export; then it is cut. */
  exportDrainMsMax: 60_000,
  /** Clients of `GET /v1/live`. */
  liveClientsMax: 50,
  /** Records of the journal that a client of `GET /v1/live` can be behind and go on; also those that runs under way are known from. */
  liveRecordsBackMax: 50_000,
  /** Conditions of a query there, of which a phrase counts as many as it has words: every event is asked at once. */
  liveQueryTermsMax: 16,
  /** Time for which clients are told before other requests are answered; once for those that keep up, once for all others together. */
  liveTurnMs: 10,
  /** Time that the journal is read on after the last client has gone, so that the next one finds it read. */
  liveReaderIdleMsMax: 300_000,
  /** Runs that are known there: those that were heard of last. */
  liveRunsMax: 1_000,
  /** Pause between two messages about the progress of a run. */
  liveProgressMs: 1_000,
  /** Pause between two signs of life. */
  liveHeartbeatMs: 15_000,
  /** Time for a client to take what was sent; then it is cut. */
  liveDrainMsMax: 30_000,
  /** Advice to a client whose connection was cut: when to come again. */
  liveRetryMs: 3_000,
  /** Characters of one request parameter. */
  parameterCharactersMax: 1_024,
  /** Characters of a query, `q`. */
  queryCharactersMax: 2_000,
  /** Conditions of a query. */
  queryClausesMax: 64,
  /** Parentheses within each other in a query. */
  queryDepthMax: 20,
  /** `*` and `?` in a query. */
  queryWildcardsMax: 16,
  /** Letters before the first `*` or `?` of a word that is searched for in texts. */
  queryWordBeginningCharactersMin: 2,
  /** Time for the index to answer one question; then it is refused with `query_timeout`. */
  questionMsMax: 10_000,
  /** Hosts, playbooks, users, tasks or intervals of time that one question sums up. */
  groupsMax: 10_000,
  /**
   * Results of a run that are put together by plays, tasks and hosts, or compared with those of another; also how many
   * of these there may be.
   */
  outlineResultsMax: 250_000,
  /** Runs that stay put together for the next question about them, of so many results at most, and how long. */
  outlinesKeptMax: 8,
  outlineKeptResultsMax: 20_000,
  outlineKeptMs: 10_000,
  /** Events that are read at once from Elasticsearch to put a run together. */
  outlineEventsAtOnce: 2_000,
  /** Results on one page of a run's matrix; the page ends with the host that passes it. */
  matrixResultsMax: 50_000,
  /** Tasks of a matrix, if the request does not say. */
  matrixTasksDefault: 200,
  matrixTasksMax: 1_000,
  /** Items of each list of two runs compared; how many more there would be is said. */
  compareItemsMax: 500,
  /** What makes the durations of a task, or of a run, differ notably: both, so many times and so much longer. */
  compareDurationRatioMin: 2,
  compareDurationMsMin: 1_000,
  /** Events that are read at once from Elasticsearch where little of each is wanted. */
  eventPartsAtOnce: 2_000,
  /** Check runs, and results, that one question for drift looks at. */
  driftRunsMax: 10_000,
  driftResultsMax: 100_000,
  /** Questions to the index that one question for drift asks at once. */
  driftQuestionsAtOnce: 4,
  /** Hosts that such a question names; beyond it it asks for all of them. */
  driftHostsNamedMax: 200,
  /** Paths that are told of what would be changed; the event has them all. */
  driftPathsMax: 20,
  /** Runs that one question for completeness looks at, and those that it asks the index for at once; and events of such. */
  completenessRunsMax: 100_000,
  completenessRunsAtOnce: 100,
  completenessEventsAtOnce: 500_000,
  /** Ranges of numbers that are kept of one count of a run, of those missing and of those late; beyond it they are counted. */
  completenessRangesMax: 2_000,
  /** Flaws that are told, and ranges of numbers of each; how many more there are is said. */
  completenessFlawsMax: 500,
  completenessFlawRangesMax: 100,
  /** Events about conflicting ids, and about drops of spools, that are looked at; dead letters as well. */
  completenessRemarksMax: 10_000,
  /** Ranges of numbers of dropped events that are kept of all runs together. */
  completenessDropRangesMax: 200_000,
  /** Runs that fell silent whose senders are looked up. */
  completenessSendersMax: 100,
  /** Time to wait until the index has what the journal has. */
  completenessIndexMsMax: 5_000,
  /** A run with a flaw that was heard of in less time is looked at again after it. */
  completenessSettleMs: 2_000,
  /** Digits and dashes of the beginning of a run's id, below which it is not looked up. */
  runIdBeginningCharactersMin: 8,

  /** Path, parameters and headers of a request together. */
  requestHeadBytesMax: 64 * KiB,
  /** Time for a request to arrive whole. */
  requestTimeoutMs: 60_000,
  /** Time for open requests to end when the server stops; then they are cut. */
  requestsEndMsMax: 5_000,
  /** Time for the index to get the last records when the server stops; then it gets them after the next start. */
  indexEndMsMax: 1_000,
  /** Time for the whole stop; then the process ends with exit code 1. */
  shutdownMsMax: 10_000,
  /** Advice to a sender that was answered 503. */
  retryAfterSeconds: 5
} as const
