/** Text that is HTML already and is not escaped again. */
export interface Html {
  readonly html: string;
}

/** What may stand between pieces of a template: text and numbers are escaped, nothing is left out as nothing. */
export type HtmlValue = Html | readonly Html[] | string | number | undefined;

/**
 * Builds HTML from a template: every value is escaped for element content and for attributes in quotation marks,
 * unless it is {@link Html} itself. Text from captions and file names cannot become markup this way.
 */
export function html(pieces: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = pieces[0]!;
  for (let i = 0; i < values.length; i++) text += render(values[i]) + pieces[i + 1]!;
  return { html: text };
}

/** HTML that is known to be safe because it is written in this program. */
export function trusted(text: string): Html {
  return { html: text };
}

function render(value: HtmlValue): string {
  if (value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  if (Array.isArray(value)) return value.map((part) => part.html).join('');
  return (value as Html).html;
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
