import { createHash } from 'node:crypto';

/**
 * What Redis does in one step. A topic is a stream of entries `n <ordinal> p <payload>`, and a string beside it, of which
 * publications change the beginning alone:
 *
 * - bytes 1 to 48: ordinal of the newest entry and bytes of the payloads that the stream holds, both as double, and the id of
 *   that entry, ended by a zero;
 * - bytes 49 to 85: above which ordinal and which bytes (double), and from which time on (13 digits) a publication trims, and the name
 *   of these data's life (8 characters);
 * - then text: most entries, bytes and milliseconds, as the last publisher has them; the milliseconds of the first entry;
 *   ordinal and id of the entry that was trimmed last, `0` and `0-0` while none was; ordinal and id of the last marker, `0` and `0-0`
 *   while there is none.
 *
 * A marker is an entry `n <ordinal> r 1` which says that entries were lost before it. Nothing is read from the stream's own
 * counters: those begin anew with the stream. Publications trim only when the stream is an eighth above its bounds, for it
 * is cheaper to trim many at once; whoever reads trims first, so nobody sees more.
 */
export interface RedisScript {
  readonly source: string;
  /** By which Redis knows the script once it was loaded. */
  readonly sha: string;
}

const TOOLS = `
local fn, fid, mn, mid, bounds, born, max_entries, max_bytes, max_age

local function load(state)
  max_entries, max_bytes, max_age, born, fn, fid, mn, mid =
    string.match(state, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$', 86)
  bounds = max_entries .. ' ' .. max_bytes .. ' ' .. max_age .. ' '
  max_entries, max_bytes, max_age = tonumber(max_entries), tonumber(max_bytes), tonumber(max_age)
  born, fn, mn = tonumber(born), tonumber(fn), tonumber(mn)
end

local function save()
  local rest = table.concat({ born, fn, fid, mn, mid }, ' ')
  local newest = struct.pack('<dds', n, bytes, id)
  redis.call('SET', meta, newest .. string.rep('\\0', 48 - #newest) ..
    struct.pack('<ddc13c8', trim_n, trim_bytes, trim_time, life) .. bounds .. rest, 'KEEPTTL')
end

local function time_of(entry_id)
  return tonumber(string.match(entry_id, '^%d+'))
end

local function size_of(entry)
  return entry[2][3] == 'p' and #entry[2][4] or 0
end
`;

const LOAD = `
local stream, meta = KEYS[1], KEYS[2]
local state = redis.call('GET', meta)
local n, bytes, id, trim_n, trim_bytes, trim_time, life
${TOOLS}
if state then
  n, bytes, id = struct.unpack('<dds', state)
  trim_n, trim_bytes, trim_time, life = struct.unpack('<ddc13c8', state, 49)
  load(state)
end
`;

/** Drops the oldest entries until the bounds hold. What somebody else removed counts as dropped. Reading seldom writes. */
const TRIM = `
local function trim(now, is_due)
  local since, left = now - max_age, n - fn
  local from, count, first, oldest, floor = '-', math.max(2, math.min(64, left - max_entries + 1)), nil, now, fn
  while left > 0 and not first do
    local batch = redis.call('XRANGE', stream, from, '+', 'COUNT', count)
    if #batch == 0 then
      left, bytes, fn, fid = 0, 0, n, id
    end
    for _, entry in ipairs(batch) do
      local ordinal, at = tonumber(entry[2][2]), time_of(entry[1])
      left = n - ordinal + 1
      if left <= max_entries and bytes <= max_bytes and at > since then
        first, oldest = entry[1], at
        break
      end
      left, bytes, fn, fid = n - ordinal, bytes - size_of(entry), ordinal, entry[1]
      from = '(' .. entry[1]
    end
    count = math.min(64, count * 2)
  end
  if fn == floor and not is_due then
    return
  elseif first then
    redis.call('XTRIM', stream, 'MINID', first)
  else
    bytes = 0
    redis.call('XTRIM', stream, 'MAXLEN', 0)
  end
  trim_n, trim_bytes = fn + max_entries + math.floor(max_entries / 8), max_bytes + math.floor(max_bytes / 8)
  trim_time = string.format('%013.0f', math.min(9999999999999, oldest + max_age + math.floor(max_age / 8)))
  save()
end
`;

/** Tells whether what came after a position is known, and where to go on where it is not. */
const JUDGE = `
local function is_before(one, other)
  local one_time, one_sequence = string.match(one, '^(%d+)-(%d+)$')
  local other_time, other_sequence = string.match(other, '^(%d+)-(%d+)$')
  one_time, other_time = tonumber(one_time), tonumber(other_time)
  return one_time < other_time or (one_time == other_time and tonumber(one_sequence) < tonumber(other_sequence))
end

local function judge(its_life, its_n, its_id, unused_life, now, forget)
  if its_n == 0 and its_life == unused_life then
    local known_until = tonumber(string.match(its_id, '^%d+')) + forget
    if forget > 0 and (life and born or now) >= known_until then
      return 'reset'
    elseif life and fn > 0 then
      return 'trimmed'
    end
    return 'known'
  elseif its_life ~= life then
    return 'reset'
  end
  if mn > 0 and its_n >= mn and is_before(its_id, mid) then
    return 'reset', true
  elseif its_n > n then
    return 'reset'
  elseif its_n < fn then
    return 'trimmed'
  elseif its_n == fn then
    return its_id == fid and 'known' or 'reset'
  elseif its_n == n then
    return its_id == id and 'known' or 'reset'
  end
  local entry = redis.call('XRANGE', stream, its_id, its_id)[1]
  return entry and tonumber(entry[2][2]) == its_n and 'known' or 'reset'
end
`;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Appends an entry, unless its key is known, and tells those who listen.
 *
 * KEYS: stream, meta, the publication's key if it has one. ARGV: payload, channel, life for new data; most entries, bytes and
 * milliseconds, each followed by a space; then, where either is needed, milliseconds that the key is kept, and milliseconds
 * after which all is forgotten or 0.
 *
 * @returns the position; after a `=` where it is that of the first publication.
 */
export const PUBLISH = script(`
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then
    return '=' .. known
  end
end
local stream, meta = KEYS[1], KEYS[2]
local state = redis.call('GET', meta)
local n, bytes, id, trim_n, trim_bytes, trim_time, life = 0, 0, nil, 0, 0, '', ARGV[3]
if state then
  n, bytes = struct.unpack('<dd', state)
  trim_n, trim_bytes, trim_time, life = struct.unpack('<ddc13c8', state, 49)
end
n, bytes = n + 1, bytes + #ARGV[1]
local ordinal = tostring(n)
-- The first write: where memory is short, it is this one that Redis refuses.
id = redis.call('XADD', stream, '*', 'n', ordinal, 'p', ARGV[1])
if n <= trim_n and bytes <= trim_bytes and id < trim_time and string.sub(state, 86, 85 + #ARGV[4]) == ARGV[4] then
  redis.call('SETRANGE', meta, 0, struct.pack('<dds', n, bytes, id))
else
  ${TOOLS}
  ${TRIM}
  local now = time_of(id)
  if state then
    load(state)
  else
    born, fn, fid, mn, mid = now, 0, '0-0', 0, '0-0'
    redis.call('XTRIM', stream, 'MINID', id)
  end
  bounds = ARGV[4]
  max_entries, max_bytes, max_age = string.match(bounds, '^(%S+) (%S+) (%S+) $')
  max_entries, max_bytes, max_age = tonumber(max_entries), tonumber(max_bytes), tonumber(max_age)
  trim(now, true)
end
local position = life .. '.' .. ordinal .. '.' .. id
if KEYS[3] then
  redis.call('SET', KEYS[3], position, 'PX', ARGV[5])
end
if ARGV[6] and ARGV[6] ~= '0' then
  redis.call('PEXPIRE', stream, ARGV[6])
  redis.call('PEXPIRE', meta, ARGV[6])
end
redis.call('PUBLISH', ARGV[2], position .. ' ' .. ARGV[1])
return position
`);

/**
 * Reads a page of what came after a position, or where the topic begins or ends.
 *
 * KEYS: stream, meta. ARGV: `after`, `oldest` or `tip`; life, n and id of the position; the life of the topic if nobody has
 * published to it; milliseconds after which all is forgotten or 0; most entries and about how many bytes to read.
 *
 * @returns `known`, `trimmed` or `reset`; the position to go on from, unless it is the one that was asked for; that of the
 * newest entry; then ordinal, id and payload of each entry, the payload missing in a marker.
 */
export const READ = script(`
${LOAD}
${TRIM}
${JUDGE}
${NOW}
local forget = tonumber(ARGV[6])
if not life then
  local unused = ARGV[5] .. '.0.' .. (forget > 0 and now or 0) .. '-0'
  if ARGV[1] ~= 'after' then
    return { 'known', unused, unused }
  end
  local verdict = judge(ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], now, forget)
  return { verdict, verdict ~= 'known' and unused, unused }
end
trim(now, false)
-- Somebody else has removed what was before this entry, or all of them: to Redis it is as if it had been trimmed.
local function begin_at(entry)
  if entry then
    local at, sequence = string.match(entry[1], '^(%d+)-(%d+)$')
    fn = tonumber(entry[2][2]) - 1
    fid = sequence == '0' and (at - 1) .. '-0' or at .. '-' .. (sequence - 1)
  else
    fn, fid, bytes = n, id, 0
  end
  save()
end
local tip = life .. '.' .. n .. '.' .. id
if ARGV[1] == 'tip' then
  return { 'known', tip, tip }
end
local verdict, is_marked, at_n, at_id = 'known', false, tonumber(ARGV[3]), ARGV[4]
if ARGV[1] == 'after' then
  verdict, is_marked = judge(ARGV[2], at_n, at_id, ARGV[5], now, forget)
end
local position = false
if is_marked and mn >= fn then
  at_n, at_id = mn, mid
  position = life .. '.' .. at_n .. '.' .. at_id
elseif verdict ~= 'known' or ARGV[1] == 'oldest' then
  at_n, at_id = fn, fid
  position = life .. '.' .. at_n .. '.' .. at_id
elseif at_n == 0 then
  at_id = '0-0'
end
local reply = { verdict, position, tip }
if at_n < n then
  local left, room, from = tonumber(ARGV[7]), tonumber(ARGV[8]), '(' .. at_id
  local average = bytes / math.max(1, n - fn) + 1
  while left > 0 and room > 0 do
    local count = math.min(left, math.max(1, math.floor(room / average)), 64)
    local batch = redis.call('XRANGE', stream, from, '+', 'COUNT', count)
    if #reply == 3 and (#batch == 0 or tonumber(batch[1][2][2]) ~= at_n + 1) then
      begin_at(batch[1])
      if ARGV[1] == 'after' and verdict == 'known' then
        reply[1] = 'trimmed'
      end
      reply[2] = life .. '.' .. fn .. '.' .. fid
    end
    for _, entry in ipairs(batch) do
      local at = #reply
      reply[at + 1], reply[at + 2] = entry[2][2], entry[1]
      reply[at + 3] = entry[2][3] == 'p' and entry[2][4] or false
      room = room - size_of(entry)
      from = '(' .. entry[1]
    end
    left = left - #batch
    if #batch < count then
      break
    end
  end
end
return reply
`);

/**
 * Writes a marker if a position that an instance has seen is not in the topic's past any more, and none says so yet.
 *
 * KEYS: stream, meta. ARGV: channel; life, n and id of the position.
 *
 * @returns 1 if it wrote one.
 */
export const CHECK = script(`
${LOAD}
${JUDGE}
if life ~= ARGV[2] then
  return 0
end
local verdict, is_marked = judge(ARGV[2], tonumber(ARGV[3]), ARGV[4], '', 0, 0)
if verdict ~= 'reset' or is_marked then
  return 0
end
n = n + 1
id = redis.call('XADD', stream, '*', 'n', tostring(n), 'r', 1)
mn, mid = n, id
save()
redis.call('PUBLISH', ARGV[1], life .. '.' .. n .. '.' .. id)
return 1
`);

export const SCRIPTS: readonly RedisScript[] = [PUBLISH, READ, CHECK];

function script(text: string): RedisScript {
  const source = text.trim();
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
