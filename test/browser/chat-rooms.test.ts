import type { BrowserContext, Page } from 'playwright-core';
import { getChannelToken, type SseChannel } from 'nestjs-sse-views';
import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { chromiumPages } from './support/chromium-pages';
import { eventually } from './support/eventually';
import { failOnFaults } from './support/page-faults';
import { collectFindings } from './support/page-findings';
import { closeSampleApps, startSampleApp, type SampleApp } from './support/sample-app';
import { watchStream } from './support/stream-requests';

jest.setTimeout(90_000);

const STREAM = 'RoomMessagesView.events';
const CODE = 'break a leg';
const NO_MEMBER = 'You are no longer a member of Backstage: the server refused to reconnect you.';
const PATIENCE = 20_000;

describeWithChromium('The page of chat rooms', () => {
  const pages = chromiumPages();
  let sample: SampleApp;
  let findings: string[][];
  beforeEach(async () => {
    sample = await startSampleApp();
    findings = [];
  });
  afterEach(closeSampleApps);
  afterEach(() => findings.forEach(failOnFaults));

  /** The page in the lobby: of somebody new, or of whoever the context belongs to. */
  const openPage = async (context?: BrowserContext): Promise<Page> => {
    const page = context ? await context.newPage() : await pages.open();
    findings.push(collectFindings(page));
    await page.goto(`${sample.url}/06-chat-rooms/`);
    await untilState(page, 'open');
    return page;
  };
  const openAs = async (name: string): Promise<Page> => {
    const page = await openPage();
    await sayName(page, name);
    return page;
  };
  const streamsOf = (room: string) =>
    sample.streams(STREAM).filter(({ request }) => (request as { params: { room: string } }).params.room === room);

  it('shows what is said to everybody in the room and to nobody in another, one’s own words as such', async () => {
    const [ada, grace, other] = [await openAs('Ada'), await openAs('Grace'), await openAs('Alan')];
    await enter(other, 'Kitchen');
    await untilState(other, 'open');
    await say(ada, 'Good morning');
    await say(grace, 'Hello Ada');
    expect(await untilSaid(ada, 2)).toEqual(['You: Good morning', 'Grace: Hello Ada']);
    expect(await untilSaid(grace, 2)).toEqual(['Ada: Good morning', 'You: Hello Ada']);
    await say(other, 'It is warm here');
    expect(await untilSaid(other, 1)).toEqual(['You: It is warm here']);
  });

  it('shows a newcomer what was said before, and what is said while entering, in order and once', async () => {
    // Fewer than the room remembers.
    const most = 80;
    let count = 0;
    const tick = () => count < most && publishTo('lobby', `tick ${++count}`);
    for (let at = 0; at < 10; at++) {
      await tick();
    }
    const ticking = setInterval(() => void tick(), 10);
    try {
      const page = await openPage();
      const texts = await untilSaid(page, most);
      expect(texts).toEqual(Array.from({ length: most }, (_, index) => `Clock: tick ${index + 1}`));
    } finally {
      clearInterval(ticking);
    }
  });

  it('goes on where the connection broke, without a loss or a double', async () => {
    const [ada, grace] = [await openAs('Ada'), await openAs('Grace')];
    await say(ada, 'before');
    await untilSaid(grace, 1);
    const requests = watchStream(grace, '/rooms/lobby/messages');
    await grace.context().setOffline(true);
    // The emulation refuses new connections; it does not cut those that are open.
    sample.cutConnections();
    await untilState(grace, 'reconnecting');
    await until(() => streamsOf('lobby').length === 1, PATIENCE);
    for (const text of ['first', 'second', 'third']) {
      await say(ada, text);
    }
    await untilSaid(ada, 4);
    expect(await said(grace)).toEqual(['Ada: before']);
    await grace.context().setOffline(false);
    expect(await untilSaid(grace, 4)).toEqual(['Ada: before', 'Ada: first', 'Ada: second', 'Ada: third']);
    expect(await requests()).toEqual([{ status: 200, lastEventId: expect.stringMatching(/^\S+\.\d+$/) }]);
  });

  it('keeps strangers out of a private room, whatever id they bring', async () => {
    const member = await openAs('Ada');
    await join(member);
    await say(member, 'psst');
    await untilSaid(member, 1);

    const stranger = await openAs('Mallory');
    const requests = watchStream(stranger, '/rooms/backstage/messages');
    await enter(stranger, 'Backstage');
    await stranger.getByText('This room is private').waitFor();
    expect(await stranger.locator('#state').innerText()).toBe('members only');
    await stranger.getByLabel('Invite code').fill('open sesame');
    await stranger.getByRole('button', { name: 'Join' }).click();
    await stranger.getByText('That is not the invite code of this room').waitFor();

    const position = await publishTo('backstage', 'for members');
    const cookie = await cookieOf(stranger);
    for (const path of ['messages', 'members']) {
      for (const headers of [{ cookie }, { cookie, 'Last-Event-ID': position }, { 'Last-Event-ID': position }]) {
        const answer = await fetch(`${sample.url}/rooms/backstage/${path}`, { headers: headers as never });
        expect({ path, status: answer.status, body: await answer.text() }).toEqual({
          path,
          status: 403,
          body: expect.not.stringMatching(/psst|for members/),
        });
      }
    }
    const room = `${sample.url}/rooms/backstage`;
    const inside = await fetch(`${room}/members`, { headers: { cookie: await cookieOf(member) } });
    const [{ id }] = (await inside.json()) as [{ id: string }];
    const headers = { cookie, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ text: 'from outside' });
    expect((await fetch(`${room}/messages`, { method: 'POST', headers, body })).status).toBe(403);
    expect((await fetch(`${room}/members/${id}`, { method: 'DELETE', headers: { cookie } })).status).toBe(403);
    await say(member, 'still here');
    expect(await untilSaid(member, 3)).toEqual(['You: psst', 'Clock: for members', 'You: still here']);
    expect(await requests()).toEqual([]);
    expect(await stranger.content()).not.toMatch(/psst|for members|still here/);
  });

  it('turns a member away who was removed, also with the id of the last event, and says so', async () => {
    const [ada, grace] = [await openAs('Ada'), await openAs('Grace')];
    await join(ada);
    await join(grace);
    const requests = watchStream(grace, '/rooms/backstage/messages');
    await say(ada, 'Surprise on Friday');
    await untilSaid(grace, 1);
    expect(streamsOf('backstage')).toHaveLength(2);

    await ada.getByRole('button', { name: 'Remove Grace' }).click();
    await until(() => streamsOf('backstage').length === 1, PATIENCE);
    await say(ada, 'about Grace');
    await untilSaid(ada, 2);
    await grace.getByText(NO_MEMBER, { exact: true }).waitFor();
    expect(await requests()).toEqual([{ status: 403, lastEventId: expect.stringMatching(/^\S+\.\d+$/) }]);
    expect(await grace.content()).not.toMatch(/Surprise on Friday|about Grace/);
    expect(streamsOf('backstage')).toHaveLength(1);
    await ada.getByRole('log', { name: 'Messages' }).getByText('Grace is no longer a member').waitFor();
    expect(await members(ada)).toEqual(['Ada (you)']);
  });

  it('turns away every page of a member who leaves, and lets that one in again with the code', async () => {
    const ada = await openAs('Ada');
    await join(ada);
    const second = await openPage(ada.context());
    await enter(second, 'Backstage');
    await untilState(second, 'open');
    await until(() => streamsOf('backstage').length === 2, PATIENCE);
    await ada.getByRole('button', { name: 'Leave' }).click();
    for (const page of [ada, second]) {
      await page.getByText(NO_MEMBER, { exact: true }).waitFor();
    }
    expect(streamsOf('backstage')).toHaveLength(0);
    await enter(ada, 'Lobby');
    await join(ada);
    expect(await members(ada)).toEqual(['Ada (you)']);
    const cookies = await ada.context().cookies();
    expect(cookies).toEqual([expect.objectContaining({ name: 'visitor', httpOnly: true, sameSite: 'Strict' })]);
  });

  it('says that what was said is lost when the server was started anew, and asks for the name again', async () => {
    const page = await openAs('Ada');
    await say(page, 'before');
    await untilSaid(page, 1);
    await sample.close();
    await untilState(page, 'reconnecting');
    sample = await startSampleApp(sample.port);
    await page.getByText('The server was started anew: what was said before is lost').waitFor();
    await untilState(page, 'open');
    await page.getByRole('textbox', { name: 'Message' }).fill('hello?');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Say your name first').waitFor();
    await sayName(page, 'Ada');
    await say(page, 'hello again');
    expect(await untilSaid(page, 2)).toEqual([expect.stringMatching(/: before$/), 'You: hello again']);
  });

  it('shows markup as the text that it is, in names and in messages', async () => {
    const name = '<b>Bobby</b>';
    const text = '<img src=x onerror="document.title=1">';
    const [bobby, ada] = [await openAs(name), await openAs('Ada')];
    await say(bobby, text);
    expect(await untilSaid(ada, 1)).toEqual([`${name}: ${text}`]);
    expect(await ada.locator('main img, main b').count()).toBe(0);
  });

  async function publishTo(topic: string, text: string): Promise<string> {
    const channel = sample.app.get<SseChannel>(getChannelToken('rooms'), { strict: false });
    const author = { id: '4f5b1c9e-7d8a-4b2f-9c3d-1e6a7b8c9d0e', name: 'Clock' };
    const data = { author, text, at: new Date().toISOString() };
    return (await channel.publish({ event: 'message', data }, { topic })).id;
  }
});

async function untilState(page: Page, state: string): Promise<void> {
  await page.locator(`#state[data-state="${state}"]`).waitFor();
}

async function sayName(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('button', { name: 'Say your name' }).click();
  await page.getByPlaceholder(`Message as ${name}`).waitFor();
}

async function enter(page: Page, room: string): Promise<void> {
  await page.getByRole('group', { name: 'Room' }).getByText(room, { exact: true }).click();
  await page.getByRole('heading', { name: room }).waitFor();
}

/** Enters the private room with its code. */
async function join(page: Page): Promise<void> {
  await enter(page, 'Backstage');
  await page.getByLabel('Invite code').fill(CODE);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('listitem').filter({ hasText: '(you)' }).waitFor();
  await untilState(page, 'open');
}

async function say(page: Page, text: string): Promise<void> {
  const input = page.getByRole('textbox', { name: 'Message' });
  await input.fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  // The field is emptied when the server has the message.
  await eventually(
    () => input.inputValue(),
    (value) => value === '',
    PATIENCE,
  );
}

/** What was said as the page shows it, oldest first: `Ada: Good morning`. */
async function said(page: Page): Promise<string[]> {
  return page.locator('.bubble').evaluateAll((bubbles: Bubble[]) =>
    bubbles.map((bubble) => {
      const isOwn = bubble.classList.contains('own');
      const author = bubble.querySelector('.author').textContent;
      return `${isOwn === (author === 'You') ? author : `${author} on the wrong side`}: ${bubble.lastElementChild.textContent}`;
    }),
  );
}

/** What the tests call of an element in the page. */
interface Bubble {
  readonly classList: { contains(name: string): boolean };
  readonly lastElementChild: { readonly textContent: string };
  querySelector(selector: string): { readonly textContent: string };
}

function untilSaid(page: Page, count: number): Promise<string[]> {
  return eventually(
    () => said(page),
    (texts) => texts.length >= count,
    PATIENCE,
  );
}

async function cookieOf(page: Page): Promise<string> {
  return (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
}

function members(page: Page): Promise<string[]> {
  return page.locator('#members li > span').allTextContents();
}
