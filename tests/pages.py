"""What every page that we serve has to be on a phone, judged by what a real browser shows."""

from typing import Final

from tests.chromium import Page

# WCAG 2.1: 1.4.3 (contrast of text), 1.3.1 and 3.3.2 (labels), 3.1.1 (language), 1.4.10 (reflow).
JUDGE: Final = """(() => {
  const wrong = [];
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const parts = colour => colour.match(/[0-9.]+/g).map(Number);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(each).backgroundColor);
      if (a === 1) return [r, g, b];
      if (a > 0) wrong.push(`half transparent: ${each.tagName}`);
    }
    return [255, 255, 255];
  };
  for (const each of document.querySelectorAll('body *')) {
    if (each.closest('svg') || !each.getClientRects().length) continue;
    const says = [...each.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!says && !each.matches('input:not([type=hidden]), select')) continue;
    const [high, low] = [light(parts(getComputedStyle(each).color)), light(behind(each))]
      .sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${each.outerHTML.slice(0, 80)}`);
  }
  for (const each of document.querySelectorAll('input:not([type=hidden]), select, textarea')) {
    if (![...each.labels].some(label => label.textContent.trim()))
      wrong.push(`no label: ${each.name}`);
  }
  const ids = [...document.querySelectorAll('[id]')].map(each => each.id);
  if (new Set(ids).size < ids.length) wrong.push('an id is there twice');
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  if (!document.title) wrong.push('no title');
  if (document.compatMode !== 'CSS1Compat') wrong.push('quirks mode');
  const wide = document.documentElement.scrollWidth;
  // a phone shows a wide page smaller and calls that its width: the screen's is what counts
  if (wide > screen.width) wrong.push(`wide: ${wide} px on ${screen.width}`);
  return wrong;
})()"""


async def assert_good(page: Page, language: str) -> None:
    """Readable, labelled, in that language, no wider than the phone, and nothing went wrong in the
    browser."""
    assert await page.ask(JUDGE) == []
    said = await page.ask("document.documentElement.lang")
    assert said.split("-")[0] == language
    assert page.faults == []
