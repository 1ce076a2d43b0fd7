import { describe, expect, test } from '@jest/globals';
import { type Hole, html, htmlText } from '../../lib/common/html.ts';

const text = (hole: Hole): string => htmlText(html`<p>${hole}</p>`);

describe('html', () => {
  test('escapes text for elements and for quoted attributes', () => {
    expect(text(`<b a="x" c='y'>&\`</b>`)).toBe('<p>&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;&#96;&lt;/b&gt;</p>');
    expect(htmlText(html`<p title="${'" onclick="x'}">t</p>`)).toBe('<p title="&quot; onclick=&quot;x">t</p>');
  });

  test('passes on what it made itself, and lists of it', () => {
    expect(text(html`<b>${'<'}</b>`)).toBe('<p><b>&lt;</b></p>');
    expect(text(['<', html`<i>x</i>`, [1, html`<br>`]])).toBe('<p>&lt;<i>x</i>1<br></p>');
  });

  test('leaves nothing behind for undefined and false, and a digit for zero', () => {
    expect(text([undefined, false, 0, ''])).toBe('<p>0</p>');
  });

  test('takes nothing else for markup, whatever it looks like', () => {
    const lookalike = JSON.parse('{"markup":"<script>","Symbol(markup)":"<script>"}') as Hole;
    expect(() => text(lookalike)).toThrow(TypeError);
  });

  test('makes visible what HTML cannot carry, and LF of every line end', () => {
    expect(text('a\0b\x1b\x9fc\ud800d')).toBe('<p>a\ufffdb\ufffd\ufffdc\ufffdd</p>');
    expect(text('a\r\nb\rc\nd\te')).toBe('<p>a\nb\nc\nd\te</p>');
  });

  test('refuses a value where escaping could not help', () => {
    const value = 'x';
    expect(() => html`<p title=${value}>`).toThrow(TypeError);
    expect(() => html`<${value}>`).toThrow(TypeError);
    expect(() => html`<p ${value}>`).toThrow(TypeError);
    expect(() => html`<p class="a" ${value}="b">`).toThrow(TypeError);
    expect(() => html`<a href="${'javascript:alert(1)'}">`).toThrow('an address must start with');
    expect(htmlText(html`<a class='${value}' href="${'https://latchkey.example.com/?a=1&b'}">`)).toBe(
      `<a class='x' href="https://latchkey.example.com/?a=1&amp;b">`,
    );
  });
});
