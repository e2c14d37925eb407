import { createHash } from 'node:crypto';

/**
 * What Redis does in one step. A topic is a stream of entries `n <ordinal>.<sum> p <payload>`, where the sum is that of the
 * payloads' bytes from the topic's first entry to this one, and a string beside it. Numbers in it are doubles, ids end with a
 * zero:
 *
 * - ordinal, sum and id of the newest entry;
 * - above which ordinal and which sum, and from which time on (13 digits), a publication trims; the name of these data's life
 *   (8 characters);
 * - the milliseconds of the first entry; ordinal and sum of the entry that was trimmed last, 0 while none was; ordinal of the
 *   last marker, 0 while there is none; the ids of these two;
 * - most entries, bytes and milliseconds, as the last publisher wrote them.
 *
 * It is short because each publication reads and writes it: Lua makes a hash of every byte of every string.
 *
 * A marker is an entry `n <ordinal>.<sum> r 1` which says that entries were lost before it. Nothing is read from the stream's
 * own counters: those begin anew with the stream. Publications trim only when the stream is a quarter above its bounds, for
 * it is cheaper to trim many at once; whoever reads trims first, so nobody sees more.
 */
export interface RedisScript {
  readonly source: string;
  /** By which Redis knows the script once it was loaded. */
  readonly sha: string;
}

const TOOLS = `
local n, sum, id, trim_n, trim_sum, trim_time, life
local born, fn, fsum, mn, fid, mid, bounds, max_entries, max_bytes, max_age

local function set_bounds(text)
  bounds = text
  max_entries, max_bytes, max_age = string.match(text, '^ (%S+) (%S+) (%S+) $')
  max_entries, max_bytes, max_age = tonumber(max_entries), tonumber(max_bytes), tonumber(max_age)
end

local function load(state)
  local at
  n, sum, id, at = struct.unpack('<dds', state)
  trim_n, trim_sum, trim_time, life, born, fn, fsum, mn, fid, mid, at = struct.unpack('<ddc13c8ddddss', state, at)
  set_bounds(string.sub(state, at))
end

local function save()
  redis.call('SET', meta, struct.pack('<ddsddc13c8ddddss', n, sum, id, trim_n, trim_sum, trim_time, life,
    born, fn, fsum, mn, fid, mid) .. bounds, 'KEEPTTL')
end

local function time_of(entry_id)
  return tonumber(string.match(entry_id, '^%d+'))
end

-- Everything up to this entry is gone.
local function drop_to(entry)
  local ordinal, its_sum = string.match(entry[2][2], '^(%d+)%.(%d+)$')
  fn, fsum, fid = tonumber(ordinal), tonumber(its_sum), entry[1]
end

-- Somebody else has removed what was before this entry, or all of them: to Redis it is as if it had been trimmed.
local function begin_at(entry)
  if entry then
    drop_to(entry)
    local at, sequence = string.match(fid, '^(%d+)-(%d+)$')
    fn, fsum = fn - 1, fsum - (entry[2][3] == 'p' and #entry[2][4] or 0)
    fid = sequence == '0' and (at - 1) .. '-0' or at .. '-' .. (sequence - 1)
  else
    fn, fsum, fid = n, sum, id
  end
end

local function ordinal_of(entry)
  return tonumber(string.match(entry[2][2], '^%d+'))
end
`;

const LOAD = `
local stream, meta = KEYS[1], KEYS[2]
${TOOLS}
local state = redis.call('GET', meta)
if state then
  load(state)
end
`;

/**
 * Drops the oldest entries until the bounds hold. What somebody else removed counts as dropped. Reading seldom writes. Where
 * it is not the bytes that are too many, no entry is read but the last one that is dropped: reading one costs as much as
 * adding one.
 */
const TRIM = `
local function trim(now, is_due)
  local floor = fn
  if n - fn > max_entries then
    redis.call('XTRIM', stream, 'MAXLEN', max_entries + 1)
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    if oldest and n - ordinal_of(oldest) >= max_entries then
      drop_to(oldest)
    else
      begin_at(oldest)
    end
  end
  local since = math.max(0, now - max_age)
  if (fn > 0 and time_of(fid) or born) <= since then
    local late = redis.call('XREVRANGE', stream, string.format('%d', since), '-', 'COUNT', 1)[1]
    if late and ordinal_of(late) > fn then
      drop_to(late)
    end
  end
  local count = 2
  while sum - fsum > max_bytes do
    local batch = redis.call('XRANGE', stream, '(' .. fid, '+', 'COUNT', count)
    for _, entry in ipairs(batch) do
      if sum - fsum > max_bytes then
        drop_to(entry)
      end
    end
    if #batch == 0 then
      begin_at(nil)
    end
    count = math.min(64, count * 2)
  end
  if fn == floor and not is_due then
    return
  elseif fn == n then
    redis.call('XTRIM', stream, 'MAXLEN', 0)
  elseif fn > floor then
    local at, sequence = string.match(fid, '^(%d+)-(%d+)$')
    redis.call('XTRIM', stream, 'MINID', at .. '-' .. string.format('%d', sequence + 1))
  end
  trim_n, trim_sum = fn + max_entries + math.floor(max_entries / 4), fsum + max_bytes + math.floor(max_bytes / 4)
  trim_time = string.format('%013d', math.min(9999999999999, now + math.floor(max_age / 4)))
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
  return entry and ordinal_of(entry) == its_n and 'known' or 'reset'
end
`;

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * Appends publications to their topics, unless their keys are known, and tells those who listen.
 *
 * KEYS: stream and meta of each topic; then, if they have keys, those of all publications. ARGV: life for new data, and where
 * there are keys or all is forgotten some time, after a space each, milliseconds that a key is kept, milliseconds after which
 * all is forgotten or 0, number of topics. Then most entries, bytes and milliseconds, with a space before and after each, and
 * one payload for each topic; or nothing, and for each topic number of its publications, these bounds, and their payloads.
 *
 * @returns for each publication, a line each, its position; after a `=` that of the first one with its key; after a `!` the error
 * of Redis for one that was not written.
 */
export const PUBLISH = script(`
local call, pcall, format, unpack_state = redis.call, redis.pcall, string.format, struct.unpack
local new_life, dedupe, forget, topics = ARGV[1], nil, '0', #KEYS / 2
if #new_life > 8 then
  new_life, dedupe, forget, topics = string.match(new_life, '^(%S+) (%S+) (%S+) (%S+)$')
  topics = tonumber(topics)
end
-- One topic alone is read and written by itself, for that is cheaper; MGET and MSET are when there are more.
local alone, metas, states
if topics == 1 then
  alone = pcall('GET', KEYS[2])
else
  metas = {}
  for topic = 1, topics do
    metas[topic] = KEYS[2 * topic]
  end
  states = call('MGET', unpack(metas))
end
local limits, count, is_each_alone = ARGV[2], 1, #ARGV == 2 + topics
local at, key, is_keyed = 3, 2 * topics, #KEYS > 2 * topics
local reply, replies
local changes, written, due
for topic = 1, topics do
  local stream, meta, state = KEYS[2 * topic - 1], KEYS[2 * topic], alone
  if not is_each_alone then
    count, limits = string.match(ARGV[at], '^(%d+)(.*)$')
    at = at + 1
  end
  if metas then
    -- MGET is silent about what is no string.
    state = states[topic] or pcall('GET', meta)
  end
  local n, sum, id, after, life, trim_n, trim_sum, trim_time = 0, 0, nil, nil, new_life, 0, 0, ''
  local refusal = state and (state.err or #state < 100 and 'ERR ' .. meta .. ' holds something else')
  if state and not refusal then
    n, sum, id, after = unpack_state('<dds', state)
    trim_n, trim_sum, trim_time, life = unpack_state('<ddc13c8', state, after)
  end
  local first
  for index = at, at + count - 1 do
    local payload = ARGV[index]
    if reply then
      replies = replies or {}
      replies[#replies + 1] = reply
    end
    reply = refusal and '!' .. refusal
    if is_keyed then
      key = key + 1
      local earlier = pcall('GET', KEYS[key])
      if earlier then
        reply = earlier.err and '!' .. earlier.err or '=' .. earlier
      end
    end
    if not reply then
      local ordinal = format('%d', n + 1)
      local place = ordinal .. '.' .. format('%d', sum + #payload)
      -- Where memory is short, it is the first of these that Redis refuses.
      local added = pcall('XADD', stream, '*', 'n', place, 'p', payload)
      if added.err then
        reply = '!' .. added.err
      else
        if not state and not first then
          -- A topic that was forgotten and comes back in the same session begins another life.
          life = string.sub(redis.sha1hex(life .. added), 1, 8)
        end
        n, sum, id, first = n + 1, sum + #payload, added, first or added
        reply = life .. '.' .. ordinal .. '.' .. id
        local kept = is_keyed and pcall('SET', KEYS[key], reply, 'PX', dedupe)
        local told = pcall('PUBLISH', stream, reply .. ' ' .. payload)
        -- What was written stays, and what belongs to it is written, too.
        if kept and kept.err or type(told) == 'table' then
          reply = '!' .. (kept and kept.err or told.err)
        end
      end
    end
  end
  at = at + count
  if first then
    local head = struct.pack('<dds', n, sum, id)
    local is_due = n > trim_n or sum > trim_sum or id > trim_time or not string.find(state, limits, after + 69, true)
    if not metas and not is_due and #head == after - 1 then
      call('SETRANGE', meta, '0', head)
    else
      local change
      if state then
        change = head .. string.sub(state, after)
      else
        change = head .. struct.pack('<ddc13c8ddddss', 0, 0, '0000000000000', life, string.match(id, '^%d+'), 0, 0, 0,
          '0-0', '0-0') .. limits
      end
      if metas then
        changes = changes or {}
        changes[#changes + 1] = meta
        changes[#changes + 1] = change
      else
        call('SET', meta, change)
      end
      if is_due then
        due = due or {}
        due[#due + 1] = { stream, meta, change, limits, not state and first }
      end
    end
    if forget ~= '0' then
      written = written or {}
      written[#written + 1] = stream
      written[#written + 1] = meta
    end
  end
end
if changes then
  call('MSET', unpack(changes))
end
if due then
  local stream, meta
  ${TOOLS}
  ${TRIM}
  for _, each in ipairs(due) do
    stream, meta = each[1], each[2]
    load(each[3])
    if each[5] then
      call('XTRIM', stream, 'MINID', each[5])
    end
    if each[4] ~= bounds then
      set_bounds(each[4])
    end
    trim(time_of(id), true)
  end
end
if written then
  for _, name in ipairs(written) do
    call('PEXPIRE', name, forget)
  end
end
return replies and table.concat(replies, '\\n') .. '\\n' .. reply or reply
`);

/**
 * Reads a page of what came after a position, or where the topic begins or ends.
 *
 * KEYS: stream, meta. ARGV: `after`, `oldest` or `tip`; life, n and id of the position; the life of the topic if nobody has
 * published to it; milliseconds after which all is forgotten or 0; most entries and about how many bytes to read.
 *
 * @returns `known`, `trimmed` or `reset`; the position to go on from, unless it is the one that was asked for; that of the
 * newest entry; then ordinal and sum, id and payload of each entry, the payload missing in a marker.
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
  local average = (sum - fsum) / math.max(1, n - fn) + 1
  while left > 0 and room > 0 do
    local count = math.min(left, math.max(1, math.floor(room / average)), 64)
    local batch = redis.call('XRANGE', stream, from, '+', 'COUNT', count)
    if #reply == 3 and (#batch == 0 or ordinal_of(batch[1]) ~= at_n + 1) then
      begin_at(batch[1])
      save()
      if ARGV[1] == 'after' and verdict == 'known' then
        reply[1] = 'trimmed'
      end
      reply[2] = life .. '.' .. fn .. '.' .. fid
    end
    for _, entry in ipairs(batch) do
      local at = #reply
      reply[at + 1], reply[at + 2] = entry[2][2], entry[1]
      reply[at + 3] = entry[2][3] == 'p' and entry[2][4] or false
      room = room - (reply[at + 3] and #reply[at + 3] or 0)
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
 * KEYS: stream, meta. ARGV: life, n and id of the position.
 *
 * @returns 1 if it wrote one.
 */
export const CHECK = script(`
${LOAD}
${JUDGE}
if life ~= ARGV[1] then
  return 0
end
local verdict, is_marked = judge(ARGV[1], tonumber(ARGV[2]), ARGV[3], '', 0, 0)
if verdict ~= 'reset' or is_marked then
  return 0
end
n = n + 1
id = redis.call('XADD', stream, '*', 'n', string.format('%d.%d', n, sum), 'r', 1)
mn, mid = n, id
save()
redis.call('PUBLISH', stream, life .. '.' .. n .. '.' .. id)
return 1
`);

export const SCRIPTS: readonly RedisScript[] = [PUBLISH, READ, CHECK];

function script(text: string): RedisScript {
  const source = text.trim();
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}
