// The channels that notify people. A new channel is a module of its own and an entry here.
import type { App } from '../app.ts';
import type { Channel } from '../mail/channel.ts';
import { mailChannel } from './mail-channel.ts';

export type ChannelParts = Pick<App, 'mail'>;

export const channelsOf = ({ mail }: ChannelParts): readonly Channel[] => [mailChannel(mail)];
