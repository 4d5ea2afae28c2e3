export type { EmailChannelOptions } from './channels/email.ts';
export { createEmailChannel } from './channels/email.ts';
